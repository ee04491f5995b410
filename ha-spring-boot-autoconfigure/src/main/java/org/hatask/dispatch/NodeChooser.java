package org.hatask.dispatch;

import java.util.List;
import java.util.Optional;
import org.hatask.cluster.Node;
import org.hatask.execute.TaskDefinition;
import org.jspecify.annotations.Nullable;

/** Chooses one of several nodes that may all execute a task. Thread-safe and quick: it is asked for every attempt. */
@FunctionalInterface
public interface NodeChooser {

    /**
     * @param key the call's key, or null where no parameter of the task is one
     * @param candidates at least one
     * @return one of them, or empty when the strategy wants none of them now
     */
    Optional<Node> choose(TaskDefinition task, @Nullable String key, List<Node> candidates);

    /** How it sees the candidates now, for operators; changes nothing. */
    default Ranking rank(TaskDefinition task, @Nullable String key, List<Node> candidates) {
        return Ranking.unknown(getClass().getName(), candidates);
    }
}
