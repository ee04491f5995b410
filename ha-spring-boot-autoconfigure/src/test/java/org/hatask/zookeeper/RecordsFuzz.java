package org.hatask.zookeeper;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;
import org.hatask.TaskState;
import org.hatask.durable.Lease;
import org.hatask.durable.TaskFailure;
import org.hatask.durable.TaskJson;
import org.hatask.durable.TaskRecord;

/** Whatever stands in a znode is understood or as good as nothing; and every step can be made from a task that is understood. */
class RecordsFuzz {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Lease LEASE = new Lease("w.1", "n1");
    private static final TaskFailure FAILURE = new TaskFailure(TaskFailure.Kind.THREW, "no", null);

    @DictionaryEntries({
        "{\"id\":\"n1\",\"incarnation\":\"a\",\"uri\":\"http://h:1\",\"state\":\"UP\",\"masterEligible\":true,\"acceptsTasks\":true,\"weight\":1,\"startedAt\":\"2026-01-01T12:00:00Z\",\"tasks\":{\"a\":1}}",
        "{\"nodeId\":\"n1\",\"incarnation\":\"a\",\"epoch\":7,\"since\":\"2026-01-01T12:00:00Z\",\"cause\":\"first\"}",
        "\"state\":\"HELD\"",
        "\"actions\":[{\"id\":\"1\",\"kind\":\"PROMOTE\",\"node\":\"n1\",\"result\":\"PENDING\"}]",
        "\"appointment\":{\"node\":\"n1\",\"by\":\"x\"}",
        "\"drained\":{\"n1\":{\"by\":\"x\"}}",
        "\"key\":\"AAAA\"",
        "{\"id\":\"t1\",\"task\":\"a\",\"signature\":\"()void\",\"arguments\":\"[]\",\"state\":\"RUNNING\",\"submittedAt\":\"2026-01-01T12:00:00Z\",\"submittedBy\":\"n1\",\"dueAt\":\"2026-01-01T12:00:00Z\",\"maxAttempts\":2,\"lease\":{\"worker\":\"w.1\",\"nodeId\":\"n1\"},\"attempts\":[{\"number\":1,\"nodeId\":\"n1\",\"epoch\":0,\"startedAt\":\"2026-01-01T12:00:00Z\"}]}",
        "\"failure\":{\"kind\":\"THREW\",\"message\":\"no\"},\"endedAt\":\"2026-01-01T12:00:00Z\"",
        "\"cancelRequested\":true",
        "null"
    })
    @FuzzTest(maxDuration = "60s")
    void recordsAreUnderstoodOrAsGoodAsNothing(byte[] input) {
        Records.readNode(input)
                .ifPresent(node -> Records.readNode(Records.write(node)).orElseThrow());
        Records.readMaster(input)
                .ifPresent(master -> Records.readMaster(Records.write(master)).orElseThrow());
        Records.readLease(input)
                .ifPresent(lease -> Records.readLease(Records.write(lease)).orElseThrow());
        Records.readSecret(input)
                .ifPresent(secret -> Records.readSecret(Records.write(secret)).orElseThrow());
        Records.readOrders(input)
                .ifPresent(orders -> Records.readOrders(Records.write(orders)).orElseThrow());
        Records.write(Records.readHistory(input));
        TaskJson.read(input, 1).ifPresent(RecordsFuzz::everyStepCanBeMade);
    }

    private static void everyStepCanBeMade(TaskRecord task) {
        isReadAsItIsWritten(task);
        task.view();
        task.isDue(NOW);
        steps(task.state()).forEach(step -> isReadAsItIsWritten(step.apply(task)));
    }

    private static void isReadAsItIsWritten(TaskRecord task) {
        TaskRecord read = TaskJson.read(TaskJson.write(task), task.version()).orElseThrow();
        if (!read.equals(task)) {
            throw new AssertionError(task + " is read as " + read);
        }
    }

    private static List<UnaryOperator<TaskRecord>> steps(TaskState state) {
        return switch (state) {
            case PENDING, RETRY_WAIT ->
                List.of(task -> task.leasedTo(LEASE), task -> task.expired(NOW), task -> task.cancel(NOW));
            case LEASED -> List.of(task -> task.started(NOW, 1), task -> task.givenBack(NOW), task -> task.cancel(NOW));
            case RUNNING ->
                List.of(
                        task -> task.lost(NOW, "gone", 2),
                        task -> task.lost(NOW, "stopped", 0),
                        task -> task.givenBack(NOW),
                        task -> task.failed(NOW, FAILURE, Duration.ofSeconds(1)),
                        task -> task.succeeded(NOW, "1"),
                        task -> task.parked(NOW, "unreadable"),
                        task -> task.reported("half", "{}"),
                        task -> task.cancelled(NOW),
                        task -> task.cancel(NOW));
            case FAILED -> List.of(task -> task.retried(NOW));
            case PARKED -> List.of(task -> task.retried(NOW), task -> task.cancel(NOW));
            case SUCCEEDED, CANCELLED -> List.of();
        };
    }
}
