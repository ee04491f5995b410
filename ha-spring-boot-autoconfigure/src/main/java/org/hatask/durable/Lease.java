package org.hatask.durable;

import java.util.Objects;

/**
 * Who has a task in hand.
 *
 * @param worker id of the worker, see {@link TaskStore#register}
 * @param nodeId id of its node
 */
public record Lease(String worker, String nodeId) {

    public Lease {
        Objects.requireNonNull(worker);
        Objects.requireNonNull(nodeId);
    }
}
