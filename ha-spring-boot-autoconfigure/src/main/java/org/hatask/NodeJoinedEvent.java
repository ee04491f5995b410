package org.hatask;

/**
 * A node joined the cluster; published on every node, also for the members found at the start.
 *
 * @param node the node
 */
public record NodeJoinedEvent(HaNode node) {}
