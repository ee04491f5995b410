package org.hatask.execute;

import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/** Tells two observers, and the second first of what ends, so that what they open on a thread is closed in reverse. */
record BothObservers(TaskObserver first, TaskObserver second) implements TaskObserver {

    @Override
    public Call called(TaskDefinition task, String taskId) {
        Call ours = first.called(task, taskId);
        Call theirs = second.called(task, taskId);
        if (ours == Call.NONE || theirs == Call.NONE) {
            return ours == Call.NONE ? theirs : ours;
        }
        return new Call() {
            @Override
            public Try tried(Node node, Attempt attempt, boolean here) {
                return both(ours.tried(node, attempt, here), theirs.tried(node, attempt, here));
            }

            @Override
            public void ended(Ending ending, @Nullable Throwable error, long tookNanos) {
                theirs.ended(ending, error, tookNanos);
                ours.ended(ending, error, tookNanos);
            }
        };
    }

    private static Try both(Try ours, Try theirs) {
        if (ours == Try.NONE || theirs == Try.NONE) {
            return ours == Try.NONE ? theirs : ours;
        }
        return new Try() {
            @Override
            public Trace trace() {
                return theirs.trace() == Trace.NONE ? ours.trace() : theirs.trace();
            }

            @Override
            public void ended(Outcome outcome, long tookNanos) {
                theirs.ended(outcome, tookNanos);
                ours.ended(outcome, tookNanos);
            }
        };
    }

    @Override
    public Run begun(Attempt attempt, Origin origin) {
        Run ours = first.begun(attempt, origin);
        Run theirs = second.begun(attempt, origin);
        if (ours == Run.NONE || theirs == Run.NONE) {
            return ours == Run.NONE ? theirs : ours;
        }
        return new Run() {
            @Override
            public void returned() {
                theirs.returned();
                ours.returned();
            }

            @Override
            public void ended(Outcome outcome, long tookNanos) {
                theirs.ended(outcome, tookNanos);
                ours.ended(outcome, tookNanos);
            }
        };
    }
}
