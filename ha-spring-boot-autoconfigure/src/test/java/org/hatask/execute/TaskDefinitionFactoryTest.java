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
import org.hatask.HaTask;
import org.hatask.OffRole;
import org.hatask.Retry;
import org.hatask.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.Scheduled;

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

    private static final TaskDefinitionFactory FACTORY =
            new TaskDefinitionFactory(text -> text.replace("${desk.timeout}", "7s"), Tasks.DEFAULTS, false, Map.of());

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
                new TaskOverride.RetryOverride(5, null, null, null, null, null, null));
        TaskDefinitionFactory factory = new TaskDefinitionFactory(
                text -> text.replace("${desk.timeout}", "7s"), Tasks.DEFAULTS, false, Map.of("desk.book", override));

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
                Arguments.of(BadRetry.class, "retry.max-attempts = 0", "at least 1"),
                Arguments.of(AlsoAsync.class, "@Async", "CompletableFuture"));
    }
}
