package org.hatask.durable;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.hatask.execute.Attempt;
import org.hatask.execute.TaskDefinition;
import org.jspecify.annotations.Nullable;

/**
 * A task that this node has in hand, from its lease to the end of its attempt. The {@link ChangeWriter} that it is with owns its
 * record.
 */
final class Held {

    private static final Duration PROGRESS_PAUSE = Duration.ofSeconds(1);

    private final String worker;
    private final TaskDefinition task;
    private final long takenNanos;
    private final AtomicReference<@Nullable String> unwrittenProgress = new AtomicReference<>();
    private volatile TaskRecord record;
    private volatile @Nullable Attempt attempt;
    private volatile boolean writingProgress;

    /** These two belong to the thread that writes progress. */
    private boolean progressWritten;

    private long progressNanos;

    /**
     * @param worker the worker as which this node holds it
     * @param takenNanos when it was taken in hand
     */
    Held(String worker, TaskDefinition task, TaskRecord record, long takenNanos) {
        this.worker = worker;
        this.task = task;
        this.record = record;
        this.takenNanos = takenNanos;
    }

    String worker() {
        return worker;
    }

    TaskDefinition task() {
        return task;
    }

    long takenNanos() {
        return takenNanos;
    }

    /** The record as it was last known to be kept. */
    TaskRecord record() {
        return record;
    }

    /** By the writer. */
    void kept(TaskRecord newRecord) {
        record = newRecord;
    }

    /** What was handed to the executor; null before that. */
    @Nullable
    Attempt attempt() {
        return attempt;
    }

    void begun(Attempt newAttempt) {
        attempt = newAttempt;
    }

    void progress(String text) {
        unwrittenProgress.set(text);
    }

    /** The text to write now; null when there is none, the last one is still being written, or it is too soon after that. */
    @Nullable
    String beginProgress(long nowNanos) {
        if (writingProgress || progressWritten && nowNanos - progressNanos < PROGRESS_PAUSE.toNanos()) {
            return null;
        }
        String text = takeProgress();
        if (text != null) {
            writingProgress = true;
            progressWritten = true;
            progressNanos = nowNanos;
        }
        return text;
    }

    void endProgress() {
        writingProgress = false;
    }

    /** The newest text that was not written yet; null when there is none. Whoever takes it writes it. */
    @Nullable
    String takeProgress() {
        return unwrittenProgress.getAndSet(null);
    }

    @Override
    public String toString() {
        return record.toString();
    }
}
