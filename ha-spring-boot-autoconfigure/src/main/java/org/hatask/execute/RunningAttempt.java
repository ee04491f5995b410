package org.hatask.execute;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.hatask.Role;
import org.hatask.StaleEpochException;
import org.hatask.TaskContext;
import org.hatask.cluster.Mastership;
import org.jspecify.annotations.Nullable;

/**
 * An attempt that this node has taken on, and the context its method sees. Its monitor guards thread and stop: an interrupt
 * can only reach the thread while it runs this attempt, and never what the thread does next.
 */
final class RunningAttempt implements TaskContext {

    /** Why an attempt was told to stop. */
    enum Stop {
        TIMED_OUT,
        OVERDUE,
        MASTERSHIP_LOST,
        CALLER_GAVE_UP,
        CALLER_GONE,
        SHUTDOWN
    }

    private final Attempt attempt;
    private final Mastership mastership;
    private final LongSupplier nanoTime;
    private final @Nullable Journal journal;
    private final long acceptedNanos;
    private volatile long begunNanos;
    private volatile boolean begun;
    private @Nullable Thread thread;
    private @Nullable Stop stop;
    private long stoppedNanos;
    private boolean interrupted;
    private @Nullable Runnable onStop;
    private @Nullable Runnable body;

    /**
     * @param journal null when the task is not durable
     * @param now when it is taken on
     */
    RunningAttempt(Attempt attempt, Mastership mastership, LongSupplier nanoTime, @Nullable Journal journal, long now) {
        this.attempt = attempt;
        this.mastership = mastership;
        this.nanoTime = nanoTime;
        this.journal = journal;
        this.acceptedNanos = now;
    }

    /** Its identity counts; its time tells where it stands in a set, cheaper than the object's own hash. */
    @Override
    public int hashCode() {
        return Long.hashCode(acceptedNanos);
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    Attempt details() {
        return attempt;
    }

    Duration age() {
        return Duration.ofNanos(nanoTime.getAsLong() - acceptedNanos);
    }

    /** Since its method was called; zero while it waits for a thread. */
    Duration runningFor() {
        return begun ? Duration.ofNanos(nanoTime.getAsLong() - begunNanos) : Duration.ZERO;
    }

    /** Whether its method was called or is about to be. Once it was told to stop, this stays as it is. */
    boolean hasBegun() {
        return begun;
    }

    /** What the pool executes for it; set before the pool has it. */
    void executedBy(Runnable pooled) {
        body = pooled;
    }

    /** Null where it is executed in place. */
    @Nullable
    Runnable body() {
        return body;
    }

    boolean isDurable() {
        return journal != null;
    }

    boolean isForMaster() {
        return attempt.task().role() == Role.MASTER;
    }

    boolean isOverdue() {
        return nanoTime.getAsLong() - attempt.deadlineNanos() >= 0;
    }

    /** The calling thread begins the method; false when it was stopped before. */
    synchronized boolean begin(long now) {
        if (stop != null) {
            return false;
        }
        thread = Thread.currentThread();
        begunNanos = now;
        begun = true;
        return true;
    }

    /** The calling thread has ended the method; takes back an interrupt that came from here. */
    synchronized void end() {
        thread = null;
        if (interrupted) {
            interrupted = false;
            Thread.interrupted();
        }
    }

    /** Tells it to stop; the first reason counts. */
    void stop(Stop reason) {
        Runnable action;
        synchronized (this) {
            if (stop != null) {
                return;
            }
            stop = reason;
            stoppedNanos = nanoTime.getAsLong();
            action = onStop;
            if (thread != null) {
                interrupted = true;
                thread.interrupt();
            }
        }
        if (action != null) {
            action.run();
        }
    }

    /** What to do when it is told to stop, for a method that goes on after it has returned; at once if it was told already. */
    void onStop(Runnable action) {
        synchronized (this) {
            onStop = action;
            if (stop == null) {
                return;
            }
        }
        action.run();
    }

    /** Whether it was told to stop so long ago that nobody should wait for it to do so. */
    synchronized boolean isDeaf(Duration grace) {
        return stop != null && nanoTime.getAsLong() - stoppedNanos >= grace.toNanos();
    }

    synchronized @Nullable Stop stopped() {
        return stop;
    }

    @Override
    public String taskName() {
        return attempt.task().name();
    }

    @Override
    public String taskId() {
        return attempt.taskId();
    }

    @Override
    public int attempt() {
        return attempt.number();
    }

    @Override
    public OptionalLong epoch() {
        return attempt.epoch() == 0 ? OptionalLong.empty() : OptionalLong.of(attempt.epoch());
    }

    @Override
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, attempt.deadlineNanos() - nanoTime.getAsLong()));
    }

    @Override
    public String callerNode() {
        return attempt.callerNode();
    }

    @Override
    public boolean isCancelled() {
        return stopped() != null;
    }

    @Override
    public void progress(String text) {
        if (journal != null) {
            journal.progress(text);
        }
    }

    @Override
    public <T> Optional<T> checkpoint(Class<T> type) {
        return journal == null ? Optional.empty() : journal.checkpoint(type);
    }

    @Override
    public void saveCheckpoint(Object value) {
        if (journal == null) {
            TaskContext.super.saveCheckpoint(value);
        } else {
            journal.saveCheckpoint(value);
        }
    }

    @Override
    public void checkMaster() {
        if (isForMaster() && !mastership.isHeld(attempt.epoch())) {
            throw new StaleEpochException("Task " + attempt + " runs under epoch " + attempt.epoch()
                    + ", which this node no longer holds for certain");
        }
    }
}
