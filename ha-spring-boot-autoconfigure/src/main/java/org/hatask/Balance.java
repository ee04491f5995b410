package org.hatask;

/** How one of several nodes that may all execute a task is chosen. */
public enum Balance {
    /** What {@code ha.dispatch.balance} says; that is {@link #ROUND_ROBIN} unless set. */
    DEFAULT,
    /** Each node in turn, for every task by itself. */
    ROUND_ROBIN,
    /** Any node, all with the same probability. */
    RANDOM,
    /** Each node in turn, as often as its {@code ha.node.weight} says. */
    WEIGHTED,
    /** Of two nodes drawn at random the one with fewer tasks in flight. */
    LEAST_ACTIVE,
    /**
     * The same node for the same key, which is the argument marked with {@link BalanceKey}. When a node is lost, only its
     * keys go elsewhere, and they come back with it.
     */
    CONSISTENT_HASH,
    /** The calling node itself while it is not busy, others as with {@link #LEAST_ACTIVE} otherwise. */
    LOCAL_FIRST
}
