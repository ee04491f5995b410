package org.hatask.failure;

import java.time.Instant;
import org.hatask.NodeHealthChangedEvent.Status;
import org.jspecify.annotations.Nullable;

/**
 * What this node thinks of a node.
 *
 * @param status in a word
 * @param reason why it is not up, as a sentence without its end; null while it is up
 * @param since when that came about, by this node's clock
 */
public record Condition(Status status, @Nullable String reason, Instant since) {}
