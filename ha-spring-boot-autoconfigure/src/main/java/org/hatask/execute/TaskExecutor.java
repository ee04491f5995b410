package org.hatask.execute;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Placeholder to be replaced by the real one: the face the link works against. */
public interface TaskExecutor {

    /** Executes the attempt on a thread of this node's pool; completes with what became of it, never exceptionally. */
    CompletableFuture<Outcome> submit(Attempt attempt, @Nullable Object[] arguments);

    /** Tells a running or queued attempt that its caller gave up; nothing happens when there is none. */
    void cancel(String taskId, int attemptNumber, String reason);
}
