package org.hatask.durable;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.hatask.DurableTask;
import org.hatask.TaskState;
import org.jspecify.annotations.Nullable;

/**
 * What a store keeps of a durable task, and every change it can go through: a change is a new record, which takes the place
 * of the old one only if that still has this {@link #version}. Times are those of the store's clock, in milliseconds.
 *
 * @param id its id
 * @param version raised by the store with every change; 0 before the first
 * @param task name of the task
 * @param signature of the method at the submission
 * @param arguments as JSON
 * @param state how far it has come
 * @param submittedAt when it was submitted
 * @param submittedBy id of the node that did
 * @param key idempotency key, or null
 * @param dueAt when it may begin, or be tried again
 * @param expiresAt when it no longer may begin, or null
 * @param maxAttempts how often its method may be started
 * @param attemptsBefore attempts that no longer count, since an operator retried the task after them
 * @param nodeDeaths how many nodes died with it since then
 * @param lease who has it in hand; null when nobody has
 * @param cancelRequested whether its running attempt is to be cancelled
 * @param attempts the attempts, oldest first; at most {@value #MAX_ATTEMPTS_KEPT}, the first and the newest
 * @param progress what it last said of its progress, or null
 * @param checkpoint what it last saved for its next attempt, as JSON, or null
 * @param result as JSON; null before it succeeded
 * @param failure why it failed or was laid aside; null otherwise
 * @param endedAt when it became final; null before
 */
public record TaskRecord(
        String id,
        long version,
        String task,
        String signature,
        String arguments,
        TaskState state,
        Instant submittedAt,
        String submittedBy,
        @Nullable String key,
        Instant dueAt,
        @Nullable Instant expiresAt,
        int maxAttempts,
        int attemptsBefore,
        int nodeDeaths,
        @Nullable Lease lease,
        boolean cancelRequested,
        List<TaskAttempt> attempts,
        @Nullable String progress,
        @Nullable String checkpoint,
        @Nullable String result,
        @Nullable TaskFailure failure,
        @Nullable Instant endedAt) {

    /** Most attempts of which a record tells. */
    public static final int MAX_ATTEMPTS_KEPT = 20;

    /** Longest text of progress that is kept. */
    public static final int MAX_PROGRESS = 200;

    /** @throws IllegalArgumentException when the parts contradict each other, so that some step could not be made from it */
    public TaskRecord {
        attempts = List.copyOf(attempts);
        submittedAt = Times.kept(submittedAt);
        dueAt = Times.kept(dueAt);
        expiresAt = expiresAt == null ? null : Times.kept(expiresAt);
        endedAt = endedAt == null ? null : Times.kept(endedAt);
        Objects.requireNonNull(id);
        Objects.requireNonNull(task);
        Objects.requireNonNull(signature);
        Objects.requireNonNull(arguments);
        Objects.requireNonNull(submittedBy);
        check(state.isHeld() == (lease != null), "its state does not go with its worker");
        check(state != TaskState.RUNNING || !attempts.isEmpty(), "it runs in no attempt");
        check(state.isFinal() == (endedAt != null), "its state does not go with the time of its end");
    }

    private static void check(boolean sound, String why) {
        if (!sound) {
            throw new IllegalArgumentException(why);
        }
    }

    /** A task about to be submitted. */
    public static TaskRecord submitted(
            String id,
            String task,
            String signature,
            String arguments,
            Instant now,
            String submittedBy,
            @Nullable String key,
            Duration delay,
            @Nullable Duration timeToLive,
            int maxAttempts) {
        return new TaskRecord(
                id,
                0,
                task,
                signature,
                arguments,
                TaskState.PENDING,
                now,
                submittedBy,
                key,
                now.plus(delay),
                timeToLive == null ? null : now.plus(timeToLive),
                maxAttempts,
                0,
                0,
                null,
                false,
                List.of(),
                null,
                null,
                null,
                null,
                null);
    }

    /** How often its method was started, at the most. */
    public int attempt() {
        TaskAttempt last = lastAttempt();
        return last == null ? 0 : last.number();
    }

    /** Epoch under which the last attempt was begun; 0 for none. */
    public long epoch() {
        TaskAttempt last = lastAttempt();
        return last == null ? 0 : last.epoch();
    }

    /** Whether its method may be started once more. */
    public boolean mayBeStartedAgain() {
        return attempt() - attemptsBefore < maxAttempts;
    }

    /** Whether the worker has it in hand. */
    public boolean isHeldBy(String worker) {
        return state.isHeld() && lease != null && lease.worker().equals(worker);
    }

    /** Whether a node may be given it at this time. */
    public boolean isDue(Instant now) {
        return (state == TaskState.PENDING || state == TaskState.RETRY_WAIT) && !dueAt.isAfter(now) && !isOutdated(now);
    }

    /** Whether its time to live is over and it has not begun. */
    public boolean isOutdated(Instant now) {
        return (state == TaskState.PENDING || state == TaskState.RETRY_WAIT)
                && expiresAt != null
                && !now.isBefore(expiresAt);
    }

    /** By the store or the manager: PENDING or RETRY_WAIT → LEASED. */
    public TaskRecord leasedTo(Lease holder) {
        require(TaskState.PENDING, TaskState.RETRY_WAIT);
        return with(change -> {
            change.state = TaskState.LEASED;
            change.lease = holder;
        });
    }

    /** By its worker, before the method is called: LEASED → RUNNING. */
    public TaskRecord started(Instant now, long epoch) {
        require(TaskState.LEASED);
        return with(change -> {
            change.state = TaskState.RUNNING;
            change.attempts.add(TaskAttempt.begun(attempt() + 1, holder().nodeId(), epoch, now));
            if (change.attempts.size() > MAX_ATTEMPTS_KEPT) {
                change.attempts.remove(1);
            }
        });
    }

    /** By its worker or, when that is gone, a supervisor; the method was not called: LEASED or RUNNING → PENDING. */
    public TaskRecord givenBack(Instant dueAgain) {
        require(TaskState.LEASED, TaskState.RUNNING);
        return with(change -> {
            change.forgetAttempt();
            change.release(cancelRequested ? TaskState.CANCELLED : TaskState.PENDING, dueAgain);
        });
    }

    /** By its worker: RUNNING → SUCCEEDED. */
    public TaskRecord succeeded(Instant now, String json) {
        require(TaskState.RUNNING);
        return with(change -> {
            change.endAttempt(now, TaskAttempt.End.SUCCEEDED, null);
            change.result = json;
            change.checkpoint = null; // Nobody goes on from there, and it would take the result's room.
            change.release(TaskState.SUCCEEDED, now);
        });
    }

    /**
     * By its worker: RUNNING → RETRY_WAIT or FAILED.
     *
     * @param pause until the next attempt; null when there shall be none
     */
    public TaskRecord failed(Instant now, TaskFailure why, @Nullable Duration pause) {
        require(TaskState.RUNNING);
        TaskAttempt.End how =
                why.kind() == TaskFailure.Kind.TIMED_OUT ? TaskAttempt.End.TIMED_OUT : TaskAttempt.End.FAILED;
        return with(change -> {
            change.endAttempt(now, how, why.message());
            change.failure = why;
            boolean again = pause != null && mayBeStartedAgain() && !cancelRequested;
            change.release(again ? TaskState.RETRY_WAIT : TaskState.FAILED, again ? now.plus(pause) : now);
        });
    }

    /**
     * By a supervisor when its worker is gone, or by the worker when it stops: RUNNING → PENDING, FAILED or PARKED.
     *
     * @param why in words
     * @param deathsToPark with how many dead nodes a task is laid aside; 0 when the node did not die
     */
    public TaskRecord lost(Instant now, String why, int deathsToPark) {
        require(TaskState.RUNNING);
        return with(change -> {
            change.endAttempt(now, TaskAttempt.End.LOST, why);
            change.nodeDeaths = nodeDeaths + (deathsToPark > 0 ? 1 : 0);
            if (cancelRequested) {
                change.release(TaskState.CANCELLED, now);
            } else if (deathsToPark > 0 && change.nodeDeaths >= deathsToPark) {
                change.failure = new TaskFailure(
                        TaskFailure.Kind.POISON,
                        change.nodeDeaths + " nodes died while they executed it, the last one in attempt " + attempt()
                                + ". Retry it when it is sure not to kill another.",
                        null);
                change.release(TaskState.PARKED, now);
            } else if (mayBeStartedAgain()) {
                change.release(TaskState.PENDING, now);
            } else {
                change.failure = new TaskFailure(TaskFailure.Kind.OUTCOME_UNKNOWN, why, null);
                change.release(TaskState.FAILED, now);
            }
        });
    }

    /** By its worker, when a running attempt ended as it was asked to: RUNNING → CANCELLED. */
    public TaskRecord cancelled(Instant now) {
        require(TaskState.RUNNING);
        return with(change -> {
            change.endAttempt(now, TaskAttempt.End.CANCELLED, null);
            change.release(TaskState.CANCELLED, now);
        });
    }

    /** By anyone: CANCELLED at once, or, where it runs, a request to its worker. */
    public TaskRecord cancel(Instant now) {
        if (state.isFinal()) {
            throw new IllegalStateException("Task " + id + " is " + state + " already");
        }
        return with(change -> {
            if (state == TaskState.RUNNING) {
                change.cancelRequested = true;
            } else {
                change.release(TaskState.CANCELLED, now);
            }
        });
    }

    /** By a supervisor: its time to live is over, PENDING or RETRY_WAIT → FAILED. */
    public TaskRecord expired(Instant now) {
        require(TaskState.PENDING, TaskState.RETRY_WAIT);
        return with(change -> {
            String last = failure == null ? "" : ", the last with: " + failure.message();
            change.failure = new TaskFailure(
                    TaskFailure.Kind.EXPIRED,
                    "Its time to live was over before " + (attempt() == 0 ? "it began" : "its next attempt") + " ("
                            + attempt() + " attempts made" + last + ").",
                    null);
            change.release(TaskState.FAILED, now);
        });
    }

    /** By its worker, which cannot make the attempt and sees that no other can: LEASED or RUNNING → PARKED. */
    public TaskRecord parked(Instant now, String why) {
        require(TaskState.LEASED, TaskState.RUNNING);
        return with(change -> {
            change.forgetAttempt();
            change.failure = new TaskFailure(TaskFailure.Kind.UNRUNNABLE, why, null);
            change.release(cancelRequested ? TaskState.CANCELLED : TaskState.PARKED, now);
        });
    }

    /** By an operator: FAILED or PARKED → PENDING, with all its attempts anew. */
    public TaskRecord retried(Instant now) {
        require(TaskState.FAILED, TaskState.PARKED);
        return with(change -> {
            change.state = TaskState.PENDING;
            change.dueAt = now;
            change.expiresAt = null;
            change.attemptsBefore = attempt();
            change.nodeDeaths = 0;
            change.failure = null;
            change.endedAt = null;
            change.cancelRequested = false;
        });
    }

    /** By its worker: what the running attempt says of itself. */
    public TaskRecord reported(@Nullable String newProgress, @Nullable String newCheckpoint) {
        require(TaskState.RUNNING);
        return with(change -> {
            change.progress = newProgress != null && newProgress.length() > MAX_PROGRESS
                    ? newProgress.substring(0, MAX_PROGRESS)
                    : newProgress;
            change.checkpoint = newCheckpoint;
        });
    }

    /** The record as the store has it after this change. */
    public TaskRecord withVersion(long newVersion) {
        return with(change -> change.version = newVersion);
    }

    /** The task as the application sees it. */
    public DurableTask view() {
        String node = lease != null ? lease.nodeId() : lastNode();
        return new DurableTask(
                id,
                task,
                state,
                attempt(),
                submittedAt,
                submittedBy,
                dueAt,
                endedAt,
                node,
                key,
                progress,
                failure == null ? null : failure.message());
    }

    /** Id of the node that made the last attempt; null before the first. */
    public @Nullable String lastNode() {
        TaskAttempt last = lastAttempt();
        return last == null ? null : last.nodeId();
    }

    private @Nullable TaskAttempt lastAttempt() {
        return attempts.isEmpty() ? null : attempts.get(attempts.size() - 1);
    }

    /** The task in messages. */
    @Override
    public String toString() {
        return task + " " + id + " (" + state + ", attempt " + attempt() + ")";
    }

    private Lease holder() {
        if (lease == null) {
            throw new IllegalStateException("Task " + this + " is held by nobody");
        }
        return lease;
    }

    private void require(TaskState first, TaskState... others) {
        EnumSet<TaskState> allowed = EnumSet.of(first, others);
        if (!allowed.contains(state)) {
            throw new IllegalStateException(
                    "Task " + this + " cannot make this step: it would have to be one of " + allowed);
        }
    }

    private TaskRecord with(Consumer<Change> edit) {
        Change change = new Change(this);
        edit.accept(change);
        return change.record(this);
    }

    /** What may change of a record; lives as long as one change takes. */
    private static final class Change {

        private long version;
        private TaskState state;
        private Instant dueAt;
        private @Nullable Instant expiresAt;
        private int attemptsBefore;
        private int nodeDeaths;
        private @Nullable Lease lease;
        private boolean cancelRequested;
        private final List<TaskAttempt> attempts;
        private @Nullable String progress;
        private @Nullable String checkpoint;
        private @Nullable String result;
        private @Nullable TaskFailure failure;
        private @Nullable Instant endedAt;

        Change(TaskRecord before) {
            version = before.version;
            state = before.state;
            dueAt = before.dueAt;
            expiresAt = before.expiresAt;
            attemptsBefore = before.attemptsBefore;
            nodeDeaths = before.nodeDeaths;
            lease = before.lease;
            cancelRequested = before.cancelRequested;
            attempts = new ArrayList<>(before.attempts);
            progress = before.progress;
            checkpoint = before.checkpoint;
            result = before.result;
            failure = before.failure;
            endedAt = before.endedAt;
        }

        void endAttempt(Instant now, TaskAttempt.End how, @Nullable String words) {
            int last = attempts.size() - 1;
            attempts.set(last, attempts.get(last).ended(now, how, words));
        }

        /** The one under way, if there is one, was not made. */
        void forgetAttempt() {
            if (state == TaskState.RUNNING) {
                attempts.remove(attempts.size() - 1);
            }
        }

        /** Nobody has it in hand any more. */
        void release(TaskState next, Instant at) {
            state = next;
            lease = null;
            if (next.isFinal()) {
                endedAt = at;
                if (next != TaskState.FAILED) {
                    failure = null;
                }
            } else if (next != TaskState.PARKED) {
                dueAt = at;
            }
        }

        TaskRecord record(TaskRecord before) {
            return new TaskRecord(
                    before.id,
                    version,
                    before.task,
                    before.signature,
                    before.arguments,
                    state,
                    before.submittedAt,
                    before.submittedBy,
                    before.key,
                    dueAt,
                    expiresAt,
                    before.maxAttempts,
                    attemptsBefore,
                    nodeDeaths,
                    lease,
                    cancelRequested,
                    attempts,
                    progress,
                    checkpoint,
                    result,
                    failure,
                    endedAt);
        }
    }
}
