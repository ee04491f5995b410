package org.hatask;

/**
 * A node left the cluster: stopped, died or was cut off.
 *
 * @param node the node as it was last known
 */
public record NodeLeftEvent(HaNode node) {}
