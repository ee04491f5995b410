package org.hatask.dispatch;

import org.hatask.execute.TaskDefinition;
import org.jspecify.annotations.Nullable;

/** Takes the calls of tasks whose delivery is durable. */
public interface DurableCalls {

    /**
     * Records the call.
     *
     * @return what the method returns: nothing, or a future of the result
     */
    @Nullable
    Object call(TaskDefinition task, @Nullable Object[] arguments);
}
