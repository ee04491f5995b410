package org.hatask.sample.booking;

import java.time.Duration;
import java.util.OptionalLong;
import org.hatask.StaleEpochException;
import org.hatask.TaskContext;

/** The context of a MASTER attempt, as the engine would bind it. */
record FakeTaskContext(long epochNumber, boolean master) implements TaskContext {

    static FakeTaskContext ofEpoch(long epoch) {
        return new FakeTaskContext(epoch, true);
    }

    static FakeTaskContext deposed(long epoch) {
        return new FakeTaskContext(epoch, false);
    }

    @Override
    public String taskName() {
        return "book";
    }

    @Override
    public String taskId() {
        return "task-1";
    }

    @Override
    public int attempt() {
        return 1;
    }

    @Override
    public OptionalLong epoch() {
        return OptionalLong.of(epochNumber);
    }

    @Override
    public Duration remaining() {
        return Duration.ofSeconds(10);
    }

    @Override
    public String callerNode() {
        return "n1";
    }

    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public void checkMaster() {
        if (!master) {
            throw new StaleEpochException("deposed");
        }
    }
}
