package org.hatask.execute;

import java.util.List;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/**
 * Watches calls and attempts, to measure or trace them; what it hears changes nothing. It is told on the way of every call,
 * local ones included, by the thread that makes the step: its methods must be quick, must not block and must not throw. Those
 * of one call, one try and one run are called one after the other, though not always by the same thread.
 */
public interface TaskObserver {

    /** Watches nothing. */
    TaskObserver NONE = new TaskObserver() {
        @Override
        public Call called(TaskDefinition task, String taskId) {
            return Call.NONE;
        }

        @Override
        public Run begun(Attempt attempt, Origin origin) {
            return Run.NONE;
        }
    };

    /** One that tells all of them, in this order. */
    static TaskObserver of(List<TaskObserver> observers) {
        return observers.stream().reduce(BothObservers::new).orElse(NONE);
    }

    /**
     * A call of the task was made on this node. Told on the caller's thread. What is recorded to be executed some time, a
     * durable task, is no call; its attempts are told where they run.
     *
     * @param taskId id of the execution
     */
    Call called(TaskDefinition task, String taskId);

    /** The method of an attempt is about to be called on this node. Told on the thread that calls it. */
    Run begun(Attempt attempt, Origin origin);

    /** A call under way. */
    interface Call {

        /** Watches nothing. */
        Call NONE = new Call() {
            @Override
            public Try tried(Node node, Attempt attempt, boolean here) {
                return Try.NONE;
            }

            @Override
            public void ended(Ending ending, @Nullable Throwable error, long tookNanos) {}
        };

        /**
         * An attempt is about to be made on a node. When that does not take it, the same attempt may be made on another: its
         * number tells.
         *
         * @param here whether it is this node
         */
        Try tried(Node node, Attempt attempt, boolean here);

        /**
         * It is over, told once.
         *
         * @param error what its caller gets to see, or null
         * @param tookNanos since it was made
         */
        void ended(Ending ending, @Nullable Throwable error, long tookNanos);
    }

    /** An attempt under way, seen by its caller's node. */
    interface Try {

        /** Watches nothing. */
        Try NONE = (outcome, tookNanos) -> {};

        /** What the attempt takes along: it is with {@link Attempt#trace()} where it {@linkplain TaskObserver#begun begins}. */
        default Trace trace() {
            return Trace.NONE;
        }

        /**
         * It became this, told once; {@link Outcome.Cancelled} also when nobody waits for it any more.
         *
         * @param tookNanos since it was tried
         */
        void ended(Outcome outcome, long tookNanos);
    }

    /** An attempt under way, seen by the node that executes it. */
    interface Run {

        /** Watches nothing. */
        Run NONE = (outcome, tookNanos) -> {};

        /** The method has returned or thrown. Told on the thread that called it, before the end. */
        default void returned() {}

        /**
         * It became this, told once.
         *
         * @param tookNanos since it began
         */
        void ended(Outcome outcome, long tookNanos);
    }

    /** How a call ended. */
    enum Ending {
        /** With a result. */
        SUCCEEDED,
        /** With the exception of its last attempt. */
        FAILED,
        /** Nobody executed it. */
        NOT_EXECUTED,
        /** Nobody knows what became of its last attempt. */
        UNKNOWN,
        /** Its caller gave up, or what it passed could not be sent. */
        CANCELLED
    }

    /** Whose attempt it is. */
    enum Origin {
        /** A call of this node. */
        LOCAL,
        /** A call of another node. */
        REMOTE,
        /** A durable task. */
        DURABLE
    }
}
