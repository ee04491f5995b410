package org.hatask.failure;

import org.hatask.cluster.Node;

/** Hears of changes of health, in order. Called by whoever finds out, so it must not block and hands on what takes time. */
public interface HealthListener {

    /** This node thinks otherwise of a node than before. */
    void healthChanged(Node node, Condition before, Condition after);

    /**
     * So many nodes look sick that the judgement is distrusted and all are used, or that is over.
     *
     * @param sick how many look sick
     * @param living of how many
     */
    void panicChanged(boolean panic, int sick, int living);

    /** A task is overdue on several nodes: the task is sick, not they. */
    void sickTask(SickTask task);
}
