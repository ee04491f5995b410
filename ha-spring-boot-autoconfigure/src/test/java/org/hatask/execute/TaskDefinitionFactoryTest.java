package org.hatask.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.hatask.Balance;
import org.hatask.BalanceKey;
import org.hatask.Delivery;
import org.hatask.HaTask;
import org.hatask.OffRole;
import org.hatask.Retry;
import org.hatask.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.Scheduled;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@ExtendWith(OutputCaptureExtension.class)
class TaskDefinitionFactoryTest {

    record Money(String currency, long cents) {}

    static class Desk {

        @HaTask(
                role = Role.MASTER,
                timeout = "${desk.timeout}",
                retry = @Retry(maxAttempts = 3, delay = "50ms", retryFor = IOException.class),
                offRole = OffRole.REJECT)
        public Money book(String id, List<Money> parts, Map<String, Optional<Money>> more) throws IOException {
            return parts.get(0);
        }

        @HaTask(name = "night")
        @Scheduled(fixedDelay = 1000)
        public void night() {}

        @HaTask
        public CompletableFuture<List<Money>> later() {
            return CompletableFuture.completedFuture(List.of());
        }

        public void plain() {}
    }

    private static final TaskDefinitionFactory FACTORY = new TaskDefinitionFactory(
            text -> text.replace("${desk.timeout}", "7s"), Tasks.DEFAULTS, false, Map.of(), Balance.RANDOM);

    private static Map<String, TaskDefinition> tasksOf(Class<?> type) {
        return byName(FACTORY.definitions("desk", type));
    }

    private static Map<String, TaskDefinition> byName(Map<Method, TaskDefinition> tasks) {
        return tasks.values().stream().collect(java.util.stream.Collectors.toMap(TaskDefinition::name, task -> task));
    }

    @Test
    void theAnnotationIsReadWithPlaceholders() {
        TaskDefinition book = tasksOf(Desk.class).get("desk.book");

        assertThat(book.role()).isEqualTo(Role.MASTER);
        assertThat(book.timeout()).isEqualTo(Duration.ofSeconds(7));
        assertThat(book.offRole()).isEqualTo(OffRole.REJECT);
        assertThat(book.retry().maxAttempts()).isEqualTo(3);
        assertThat(book.retry().delay()).isEqualTo(Duration.ofMillis(50));
        assertThat(book.errorTypes()).containsKey(IOException.class.getName());
        assertThat(book.async()).isFalse();
    }

    @Test
    void defaultsAreNoRetryAnyNodeAndTheTimeoutOfAllTasks() {
        TaskDefinition later = tasksOf(Desk.class).get("desk.later");

        assertThat(later.role()).isEqualTo(Role.ANY);
        assertThat(later.retry().maxAttempts()).isEqualTo(1);
        assertThat(later.timeout()).isEqualTo(Duration.ofMinutes(10));
        assertThat(later.async()).isTrue();
        assertThat(later.resultType().getTypeName()).contains("List<").contains("Money");
    }

    @Test
    void onlyAnnotatedMethodsAreTasksAndTheirNameCanBeGiven() {
        assertThat(tasksOf(Desk.class)).containsOnlyKeys("desk.book", "night", "desk.later");
        assertThat(tasksOf(Desk.class).get("night").scheduled()).isTrue();
        assertThat(TaskDefinitionFactory.hasTasks(Desk.class)).isTrue();
        assertThat(TaskDefinitionFactory.hasTasks(String.class)).isFalse();
    }

    @Test
    void configurationOverridesTheAnnotation() {
        TaskOverride override = new TaskOverride(
                Role.WORKER,
                Duration.ofSeconds(1),
                Duration.ofMillis(300),
                Duration.ofMinutes(2),
                null,
                new TaskOverride.RetryOverride(5, null, null, null, null, null, null),
                null,
                null);
        TaskDefinitionFactory factory = new TaskDefinitionFactory(
                text -> text.replace("${desk.timeout}", "7s"),
                Tasks.DEFAULTS,
                false,
                Map.of("desk.book", override),
                Balance.RANDOM);

        TaskDefinition book = byName(factory.definitions("desk", Desk.class)).get("desk.book");

        assertThat(book.role()).isEqualTo(Role.WORKER);
        assertThat(book.timeout()).isEqualTo(Duration.ofSeconds(1));
        assertThat(book.slowAfter()).isEqualTo(Duration.ofMillis(300));
        assertThat(book.maxDuration()).isEqualTo(Duration.ofMinutes(2));
        assertThat(book.offRole()).isEqualTo(OffRole.REJECT);
        assertThat(book.retry().maxAttempts()).isEqualTo(5);
        assertThat(book.retry().delay()).isEqualTo(Duration.ofMillis(50));
    }

    @HaTask(role = Role.MASTER)
    static class WholeType implements InitializingBean, AutoCloseable {

        public int one() {
            return 1;
        }

        @HaTask(role = Role.WORKER)
        public int two() {
            return 2;
        }

        @Override
        public void afterPropertiesSet() {}

        @Override
        public void close() {}

        @Override
        public String toString() {
            return "no task";
        }

        void internal() {}
    }

    static class Night {

        @HaTask(timeout = "3h")
        public void report() {}

        @HaTask
        public void other() {}
    }

    /** The longest time that a task may run is a setting of its own, and the default shorter than this timeout. */
    @Test
    void aTimeoutLongerThanATaskMayRunIsWarnedOf(CapturedOutput output) {
        tasksOf(Night.class);

        assertThat(output)
                .contains("desk.report")
                .contains("PT3H")
                .contains("ha.tasks.\"[desk.report]\".max-task-duration");
        assertThat(output).doesNotContain("desk.other");
    }

    @Test
    void onATypeTheAnnotationMeansItsPublicMethodsButNotTheContainersOwn() {
        Map<String, TaskDefinition> tasks = tasksOf(WholeType.class);

        assertThat(tasks).containsOnlyKeys("desk.one", "desk.two");
        assertThat(tasks.get("desk.one").role()).isEqualTo(Role.MASTER);
        assertThat(tasks.get("desk.two").role()).isEqualTo(Role.WORKER);
    }

    interface Pricing<T> {
        @HaTask
        T price(T value);

        void other();
    }

    @HaTask(name = "svc")
    interface Service {
        int serve(int value);
    }

    static class Implementation implements Pricing<Money>, Service {
        @Override
        public Money price(Money value) {
            return value;
        }

        @Override
        public void other() {}

        @Override
        public int serve(int value) {
            return value;
        }

        public void own() {}
    }

    @Test
    void annotationsOfInterfacesHoldForTheirImplementations() {
        Map<String, TaskDefinition> tasks = tasksOf(Implementation.class);

        assertThat(tasks).containsOnlyKeys("desk.price", "svc.serve");
        assertThat(tasks.get("desk.price").parameterTypes()).containsExactly(Money.class);
    }

    static class ObjectType {
        @HaTask
        public void object(Object any) {}
    }

    static class RawListType {
        @HaTask
        public void rawList(@SuppressWarnings("rawtypes") List values) {}
    }

    static class WildcardType {
        @HaTask
        public void wildcard(Collection<?> values) {}
    }

    static class NestedType {
        @HaTask
        public void nested(Map<String, List<Object>> values) {}
    }

    static class StreamType {
        @HaTask
        public Stream<String> stream() {
            return Stream.of();
        }
    }

    static class InputType {
        @HaTask
        public void input(InputStream in) {}
    }

    static class AbstractResultType {
        @HaTask
        public Runnable abstractResult() {
            return () -> {};
        }
    }

    static class FutureType {
        @HaTask
        public Future<String> future() {
            return new CompletableFuture<>();
        }
    }

    static class OpenType {
        @HaTask
        public <T> T open(T value) {
            return value;
        }
    }

    static class ArrayType {
        @HaTask
        public Object[] array() {
            return new Object[0];
        }
    }

    static class FutureOfObjectType {
        @HaTask
        public CompletableFuture<Object> futureOfObject() {
            return new CompletableFuture<>();
        }
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                ObjectType.class,
                RawListType.class,
                WildcardType.class,
                NestedType.class,
                StreamType.class,
                InputType.class,
                AbstractResultType.class,
                FutureType.class,
                OpenType.class,
                ArrayType.class,
                FutureOfObjectType.class
            })
    void typesThatCannotTravelAreRefusedWithMethodAndCure(Class<?> type) {
        assertThatExceptionOfType(InvalidTaskException.class)
                .isThrownBy(() -> FACTORY.definitions("desk", type))
                .satisfies(error -> {
                    assertThat(error.problem()).contains(type.getSimpleName()).contains("bean 'desk'");
                    assertThat(error.cure()).containsAnyOf("Declare a concrete type", "Return the value itself");
                });
    }

    static class FinalMethod {
        @HaTask
        public final void task() {}
    }

    static class PrivateMethod {
        @HaTask
        private void task() {}
    }

    static final class FinalClass {
        @HaTask
        public void task() {}
    }

    static class AlsoAsync {
        @HaTask
        @Async
        public CompletableFuture<String> task() {
            return new CompletableFuture<>();
        }
    }

    static class BadTimeout {
        @HaTask(timeout = "soon")
        public void task() {}
    }

    static class EndlessTimeout {
        @HaTask(timeout = "200000d")
        public void task() {}
    }

    static class DurableWithValue {
        @HaTask(delivery = Delivery.DURABLE)
        public String task() {
            return "";
        }
    }

    static class BadRetry {
        @HaTask(retry = @Retry(maxAttempts = 0))
        public void task() {}
    }

    @ParameterizedTest
    @MethodSource
    void whatCannotBeInterceptedOrMakesNoSenseIsRefusedWithBeanAndCure(Class<?> type, String problem, String cure) {
        assertThatExceptionOfType(InvalidTaskException.class)
                .isThrownBy(() -> FACTORY.definitions("desk", type))
                .satisfies(error -> {
                    assertThat(error.problem())
                            .contains(type.getSimpleName() + ".task")
                            .contains("bean 'desk'")
                            .contains(problem);
                    assertThat(error.cure()).contains(cure);
                });
    }

    static Stream<Arguments> whatCannotBeInterceptedOrMakesNoSenseIsRefusedWithBeanAndCure() {
        return Stream.of(
                Arguments.of(FinalMethod.class, "is final", "public method that is neither static nor final"),
                Arguments.of(PrivateMethod.class, "is private", "public method"),
                Arguments.of(FinalClass.class, "its class is final", "Remove 'final'"),
                Arguments.of(BadTimeout.class, "timeout = 'soon'", "Write it like 500ms"),
                Arguments.of(EndlessTimeout.class, "timeout = PT", "less than 290 years"),
                Arguments.of(DurableWithValue.class, "returns java.lang.String", "void or a CompletableFuture"),
                Arguments.of(BadRetry.class, "retry.max-attempts = 0", "at least 1"),
                Arguments.of(FluxOfValues.class, "reactor.core.publisher.Flux, a stream", "flux.collectList()"),
                Arguments.of(ScheduledMono.class, "@Scheduled but returns a Mono", "mono.toFuture()"),
                Arguments.of(DurableMono.class, "returns reactor.core.publisher.Mono", "CompletableFuture"),
                Arguments.of(AlsoAsync.class, "@Async", "CompletableFuture"));
    }

    static class FluxOfValues {
        @HaTask
        public Flux<String> task() {
            return Flux.just("a", "b");
        }
    }

    static class ScheduledMono {
        @HaTask
        @Scheduled(fixedDelay = 1000)
        public Mono<Void> task() {
            return Mono.empty();
        }
    }

    static class DurableMono {
        @HaTask(delivery = Delivery.DURABLE)
        public Mono<String> task() {
            return Mono.empty();
        }
    }

    static class Reactive {
        @HaTask
        public Mono<List<Money>> values() {
            return Mono.empty();
        }

        @HaTask
        public Mono<Void> nothing() {
            return Mono.empty();
        }
    }

    @Test
    void whatAMonoHoldsTravels() {
        TaskDefinition values = tasksOf(Reactive.class).get("desk.values");

        assertThat(values.isReactive()).isTrue();
        assertThat(values.async()).isTrue();
        assertThat(values.resultType().getTypeName()).isEqualTo("java.util.List<" + Money.class.getName() + ">");
        assertThat(tasksOf(Reactive.class).get("desk.nothing").resultType()).isEqualTo(Void.class);
        assertThat(tasksOf(Desk.class).get("desk.later").isReactive()).isFalse();
    }

    enum Colour {
        RED
    }

    interface Shop {
        @HaTask(balance = Balance.CONSISTENT_HASH)
        void inInterface(int amount, @BalanceKey String customer);
    }

    static class Keys implements Shop {

        @Override
        public void inInterface(int amount, String customer) {}

        @HaTask
        public void byDefault(@BalanceKey long id) {}

        @HaTask(balance = Balance.LOCAL_FIRST)
        public void without(String text) {}
    }

    @Test
    void theBalanceIsTheAnnotationsElseTheDefaultAndTheKeyIsFoundInInterfacesToo() {
        Map<String, TaskDefinition> tasks = tasksOf(Keys.class);

        assertThat(tasks.get("desk.inInterface").balance()).isEqualTo(new BalanceSettings(Balance.CONSISTENT_HASH, 1));
        assertThat(tasks.get("desk.byDefault").balance()).isEqualTo(new BalanceSettings(Balance.RANDOM, 0));
        assertThat(tasks.get("desk.without").balance())
                .isEqualTo(new BalanceSettings(Balance.LOCAL_FIRST, BalanceSettings.NO_KEY));
        assertThat(tasks.get("desk.without").balance().key(new Object[] {"x"})).isNull();
    }

    @Test
    void configurationWinsOverTheAnnotationsBalance() {
        TaskOverride weighted = new TaskOverride(null, null, null, null, null, null, Balance.WEIGHTED, null);
        TaskDefinitionFactory factory = new TaskDefinitionFactory(
                text -> text, Tasks.DEFAULTS, false, Map.of("desk.without", weighted), Balance.RANDOM);

        assertThat(byName(factory.definitions("desk", Keys.class))
                        .get("desk.without")
                        .balance()
                        .strategy())
                .isEqualTo(Balance.WEIGHTED);
    }

    @Test
    void theKeysTextIsTheSameWithEveryJava() {
        BalanceSettings first = new BalanceSettings(Balance.CONSISTENT_HASH, 0);

        assertThat(Stream.of(
                                "a",
                                42,
                                42L,
                                'c',
                                true,
                                Colour.RED,
                                2e23,
                                1.5f,
                                new java.math.BigDecimal("1.50"),
                                java.util.UUID.fromString("00000000-0000-0001-0000-000000000002"),
                                java.time.LocalDate.of(2024, 2, 29))
                        .map(argument -> first.key(new Object[] {argument})))
                .containsExactly(
                        "a",
                        "42",
                        "42",
                        "c",
                        "true",
                        "RED",
                        "0x1.52d02c7e14af6p77",
                        "0x1.8p0",
                        "1.50",
                        "00000000-0000-0001-0000-000000000002",
                        "2024-02-29");
        assertThat(first.key(new Object[] {null})).isEmpty();
    }

    static class WithoutKey {
        @HaTask(balance = Balance.CONSISTENT_HASH)
        public void task(String text) {}
    }

    static class MasterWithoutKey {
        @HaTask(role = Role.MASTER)
        public void task() {}
    }

    static class AnyWithoutKey {
        @HaTask
        public void task() {}
    }

    static class RecordKey {
        @HaTask
        public void task(@BalanceKey Money money) {}
    }

    static class TwoKeys {
        @HaTask
        public void task(@BalanceKey String one, @BalanceKey String two) {}
    }

    @Test
    void aConsistentHashWithoutAUsableKeyEndsTheStartWithTheCure() {
        assertRefused(WithoutKey.class, "no parameter is the key", "@BalanceKey");
        assertRefused(RecordKey.class, "Money", "parameter of its own");
        assertRefused(TwoKeys.class, "two parameters", "Mark one");
    }

    static class BalancedDurable {
        @HaTask(delivery = Delivery.DURABLE, balance = Balance.WEIGHTED)
        public void task() {}
    }

    static class KeyedDurable {
        @HaTask(delivery = Delivery.DURABLE)
        public void task(@BalanceKey String customer) {}
    }

    static class Durable {
        @HaTask(delivery = Delivery.DURABLE)
        public void task(String customer) {}
    }

    @Test
    void aBalanceOfADurableTaskEndsTheStartWithTheCure() {
        assertRefused(BalancedDurable.class, "balance = WEIGHTED", "ha.tasks.\"[desk.task]\".balance");
        assertRefused(KeyedDurable.class, "@BalanceKey", "Take @BalanceKey away");
    }

    @Test
    void aDefaultThatNeedsAKeyLeavesDurableTasksAlone() {
        TaskDefinitionFactory hashing =
                new TaskDefinitionFactory(text -> text, Tasks.DEFAULTS, false, Map.of(), Balance.CONSISTENT_HASH);

        assertThat(hashing.definitions("desk", Durable.class)).hasSize(1);
    }

    @Test
    void aDefaultThatNeedsAKeyLeavesTasksForTheMasterAlone() {
        TaskDefinitionFactory hashing =
                new TaskDefinitionFactory(text -> text, Tasks.DEFAULTS, false, Map.of(), Balance.CONSISTENT_HASH);

        assertThat(hashing.definitions("desk", MasterWithoutKey.class)).hasSize(1);
        assertThatExceptionOfType(InvalidTaskException.class)
                .isThrownBy(() -> hashing.definitions("desk", AnyWithoutKey.class))
                .satisfies(e -> assertThat(e.cure()).contains("ha.dispatch.balance"));
    }

    private static void assertRefused(Class<?> type, String problem, String cure) {
        assertThatExceptionOfType(InvalidTaskException.class)
                .isThrownBy(() -> tasksOf(type))
                .satisfies(e -> {
                    assertThat(e.problem()).contains(problem);
                    assertThat(e.cure()).contains(cure);
                });
    }
}
