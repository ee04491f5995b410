package org.hatask.durable;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.hatask.HaException;
import org.hatask.TaskStoreException;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.CodecException;
import org.hatask.execute.Journal;

/** What a running attempt writes into its record. Progress is written by the worker now and then, a checkpoint at once. */
final class AttemptJournal implements Journal {

    private final Held held;
    private final ChangeWriter writer;
    private final TaskStore store;
    private final ArgumentCodec codec;

    AttemptJournal(Held held, ChangeWriter writer, TaskStore store, ArgumentCodec codec) {
        this.held = held;
        this.writer = writer;
        this.store = store;
        this.codec = codec;
    }

    @Override
    public void progress(String text) {
        held.progress(text);
    }

    @Override
    public <T> Optional<T> checkpoint(Class<T> type) {
        String json = held.record().checkpoint();
        if (json == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(codec.readCheckpoint(held.task(), json.getBytes(StandardCharsets.UTF_8), type));
        } catch (CodecException e) {
            throw new HaException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    @SuppressWarnings("ConstantValue") // Not every task is compiled with a checker of nulls.
    public void saveCheckpoint(Object value) {
        if (value == null) {
            throw new IllegalArgumentException("Task " + held
                    + " saves null as its checkpoint, which is as good as none: save a value that says from where its next"
                    + " attempt goes on.");
        }
        String json;
        try {
            json = new String(codec.writeCheckpoint(held.task(), value), StandardCharsets.UTF_8);
        } catch (CodecException e) {
            throw new TaskStoreException(String.valueOf(e.getMessage()), e);
        }
        boolean kept;
        try {
            kept = writer.change(held, record -> withCheckpoint(record, json)).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TaskStoreException(
                    "Task " + held
                            + " was told to stop while its checkpoint was written: whether it was kept is not known",
                    e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof TaskStoreException why
                    ? why
                    : new TaskStoreException("The checkpoint of task " + held + " cannot be kept", e.getCause());
        }
        if (!kept) {
            throw new TaskStoreException(
                    "This attempt of task " + held
                            + " does not count any more, so that its checkpoint is not kept: it should" + " end",
                    null);
        }
    }

    private TaskRecord withCheckpoint(TaskRecord record, String json) {
        TaskRecord after = record.reported(record.progress(), json);
        if (!store.fits(after)) {
            throw new TaskStoreException(
                    "The checkpoint of task " + record + " is too large to be kept: " + json.length()
                            + " characters of JSON. Save where the state is instead.",
                    null);
        }
        return after;
    }
}
