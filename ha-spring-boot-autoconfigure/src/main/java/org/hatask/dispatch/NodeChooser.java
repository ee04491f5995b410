package org.hatask.dispatch;

import java.util.List;
import java.util.Optional;
import org.hatask.cluster.Node;
import org.hatask.execute.TaskDefinition;

/** Chooses one of several nodes that may all execute a task. Thread-safe and quick: it is asked for every attempt. */
@FunctionalInterface
public interface NodeChooser {

    /**
     * @param candidates at least one
     * @return one of them, or empty when the strategy wants none of them now
     */
    Optional<Node> choose(TaskDefinition task, List<Node> candidates);
}
