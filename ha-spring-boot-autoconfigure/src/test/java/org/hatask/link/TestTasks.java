package org.hatask.link;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;
import static org.mockito.Mockito.withSettings;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.hatask.Balance;
import org.hatask.Delivery;
import org.hatask.OffRole;
import org.hatask.Role;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.Attempt;
import org.hatask.execute.BalanceSettings;
import org.hatask.execute.CodecException;
import org.hatask.execute.Outcome;
import org.hatask.execute.RetrySettings;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskRegistry;

/** Tasks of one string to one string, executed by functions of the test. */
final class TestTasks {

    static final TaskDefinition ECHO = task("echo", "String(String)");

    /** What arrived, in order. */
    final List<Attempt> executed = new CopyOnWriteArrayList<>();

    final List<String> cancelled = new CopyOnWriteArrayList<>();
    final List<String> abandoned = new CopyOnWriteArrayList<>();
    final Map<String, BiFunction<Attempt, String, CompletableFuture<Outcome>>> behaviours = new ConcurrentHashMap<>();
    final TaskExecutor executor = mock(TaskExecutor.class, withSettings().stubOnly());
    final TaskReceiver receiver;

    TestTasks(TaskDefinition... definitions) {
        behaviours.put("echo", (attempt, argument) -> succeeded(argument));
        when(executor.submit(any(), any())).thenAnswer(call -> {
            Attempt attempt = call.getArgument(0);
            executed.add(attempt);
            Supplier<Object[]> arguments = call.getArgument(1);
            return behaviours.get(attempt.task().name()).apply(attempt, (String)
                    arguments.get()[0]);
        });
        doAnswer(call -> cancelled.add(call.getArgument(0) + "#" + call.getArgument(1)))
                .when(executor)
                .cancel(anyString(), anyInt(), anyString());
        doAnswer(call -> {
                    Predicate<Attempt> whose = call.getArgument(0);
                    executed.stream()
                            .filter(whose)
                            .forEach(attempt -> abandoned.add(attempt.taskId() + "#" + attempt.number()));
                    return null;
                })
                .when(executor)
                .callerGone(any());
        TaskRegistry registry = new TaskRegistry(definitions.length == 0 ? List.of(ECHO) : List.of(definitions));
        receiver = new TaskReceiver(() -> registry, new Codec(), executor);
    }

    static CompletableFuture<Outcome> succeeded(String value) {
        return CompletableFuture.completedFuture(new Outcome.Succeeded(value));
    }

    static TaskDefinition task(String name, String signature) {
        try {
            return new TaskDefinition(
                    name,
                    "bean",
                    String.class.getMethod("trim"),
                    Role.ANY,
                    new RetrySettings(1, Duration.ZERO, 1, Duration.ZERO, 0, List.of(), List.of()),
                    Duration.ofMinutes(1),
                    Duration.ofSeconds(1),
                    Duration.ofMinutes(10),
                    OffRole.FORWARD,
                    Delivery.DIRECT,
                    new BalanceSettings(Balance.ROUND_ROBIN, BalanceSettings.NO_KEY),
                    false,
                    false,
                    List.of(String.class),
                    String.class,
                    Map.of(),
                    signature);
        } catch (NoSuchMethodException e) {
            throw new AssertionError(e);
        }
    }

    static Attempt attempt(String taskId) {
        return attempt(ECHO, taskId, Duration.ofSeconds(30));
    }

    static Attempt attempt(TaskDefinition task, String taskId, Duration remaining) {
        return new Attempt(task, taskId, 1, 7, System.nanoTime() + remaining.toNanos(), "ignored");
    }

    static Outcome get(CompletableFuture<Outcome> outcome) {
        return outcome.orTimeout(20, TimeUnit.SECONDS).join().read();
    }

    /** Strings as bytes; "unwritable" cannot be written, "slow to read" takes a minute as a result, and "error in …" breaks what it names. */
    static final class Codec implements ArgumentCodec {

        @Override
        public byte[] writeCheckpoint(TaskDefinition task, Object value) {
            throw new UnsupportedOperationException();
        }

        @Override
        public <T> T readCheckpoint(TaskDefinition task, byte[] json, Class<T> type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public byte[] writeArguments(TaskDefinition task, Object[] arguments) {
            return bytes((String) arguments[0]);
        }

        @Override
        public Object[] readArguments(TaskDefinition task, byte[] json) {
            return new Object[] {string(json)};
        }

        @Override
        public byte[] writeResult(TaskDefinition task, Object result) {
            if ("unwritable".equals(result)) {
                throw new CodecException("the result cannot be written", new IllegalArgumentException());
            }
            breakOn("result", (String) result);
            return bytes((String) result);
        }

        @Override
        public Object readResult(TaskDefinition task, byte[] json) {
            breakOn("answer", string(json));
            if (string(json).equals("slow to read")) {
                try {
                    Thread.sleep(60_000);
                } catch (InterruptedException e) {
                    return "interrupted";
                }
            }
            return string(json);
        }

        /** What code of the application's own throws that is no exception. */
        private static void breakOn(String where, String text) {
            if (text.equals("error in " + where)) {
                throw new NoClassDefFoundError(where);
            }
        }

        @Override
        public byte[] writeError(Outcome.Failed failure) {
            return bytes(failure.error().getMessage());
        }

        @Override
        public Outcome.Failed readError(TaskDefinition task, byte[] json, String nodeId) {
            return Outcome.Failed.of(new IllegalStateException(nodeId + ": " + string(json)));
        }

        private static byte[] bytes(String value) {
            return value.getBytes(StandardCharsets.UTF_8);
        }

        private static String string(byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }
}
