package org.hatask.execute;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/** Writes down all that an observer is told. */
public final class Recorder implements TaskObserver {

    public final List<String> told = new CopyOnWriteArrayList<>();

    /** How long everything that ended had taken, in the order of its end. */
    public final List<Long> tookNanos = new CopyOnWriteArrayList<>();

    @Override
    public Call called(TaskDefinition task, String taskId) {
        told.add("called " + taskId);
        return new Call() {
            @Override
            public Try tried(Node node, Attempt attempt, boolean here) {
                String what = node.id() + "#" + attempt.number();
                told.add("try " + what + (here ? " here" : ""));
                return (outcome, nanos) -> {
                    told.add(outcome.kind() + " " + what);
                    tookNanos.add(nanos);
                };
            }

            @Override
            public void ended(Ending ending, @Nullable Throwable error, long nanos) {
                tookNanos.add(nanos);
                told.add("ended " + ending
                        + (error == null ? "" : " " + error.getClass().getSimpleName()));
            }
        };
    }

    @Override
    public Run begun(Attempt attempt, Origin origin) {
        told.add("begun " + origin + " on " + Thread.currentThread().getName().replaceAll("[0-9]+$", ""));
        return (outcome, nanos) -> {
            told.add("ran " + outcome.kind());
            tookNanos.add(nanos);
        };
    }
}
