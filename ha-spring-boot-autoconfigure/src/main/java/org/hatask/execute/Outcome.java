package org.hatask.execute;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What became of one attempt: the base of every decision on what to do next. */
public sealed interface Outcome {

    /** The outcomes without what they carry. */
    enum Kind {
        SUCCEEDED,
        FAILED,
        NOT_SENT,
        REFUSED,
        UNKNOWN,
        CANCELLED
    }

    /** Which of them it is. */
    Kind kind();

    /**
     * The same as itself, unless it is {@link Unread}. Whoever waits for an outcome calls this before anything else, on a thread
     * that may take its time.
     */
    default Outcome read() {
        return this;
    }

    /**
     * The method returned.
     *
     * @param value what it returned; for a method that returns a future, what that held
     */
    record Succeeded(@Nullable Object value) implements Outcome {

        @Override
        public Kind kind() {
            return Kind.SUCCEEDED;
        }
    }

    /**
     * The method threw.
     *
     * @param error the exception to show to the caller
     * @param typeNames class name of what was thrown where it ran, followed by those of its superclasses
     */
    record Failed(Throwable error, List<String> typeNames) implements Outcome {

        public Failed {
            typeNames = List.copyOf(typeNames);
        }

        /** The failure of an exception that was thrown in this process. */
        public static Failed of(Throwable error) {
            return new Failed(error, TypeNames.of(error));
        }

        @Override
        public Kind kind() {
            return Kind.FAILED;
        }
    }

    /**
     * An answer as it came over the wire. To read it runs code of the application's types, which may take long: too long for the
     * thread that reads connections.
     *
     * @param kind what it is
     * @param reader reads it, and never throws
     */
    record Unread(Kind kind, Supplier<Outcome> reader) implements Outcome {

        @Override
        public Outcome read() {
            return reader.get();
        }
    }

    /**
     * It cannot have started: there was no connection to send it over.
     *
     * @param reason for messages
     */
    record NotSent(String reason) implements Outcome {

        @Override
        public Kind kind() {
            return Kind.NOT_SENT;
        }
    }

    /**
     * The node says that it did not start it.
     *
     * @param refusal why
     * @param message for messages
     * @param comeBackAfter how long to stay away from the node, where it says so because it is busy; else zero
     */
    record Refused(Refusal refusal, String message, Duration comeBackAfter) implements Outcome {

        public Refused(Refusal refusal, String message) {
            this(refusal, message, Duration.ZERO);
        }

        @Override
        public Kind kind() {
            return Kind.REFUSED;
        }
    }

    /**
     * It was sent, or started here, and nobody knows how far it came.
     *
     * @param reason for messages
     * @param timedOut whether time ran out, rather than node or connection broke
     * @param callId where only the connection broke: by which the node can be asked what became of it; 0 otherwise
     */
    record Unknown(String reason, boolean timedOut, long callId) implements Outcome {

        /** An outcome about which nobody can be asked. */
        public Unknown(String reason, boolean timedOut) {
            this(reason, timedOut, 0);
        }

        @Override
        public Kind kind() {
            return Kind.UNKNOWN;
        }
    }

    /** The caller gave up. */
    record Cancelled() implements Outcome {

        @Override
        public Kind kind() {
            return Kind.CANCELLED;
        }
    }
}
