package org.hatask.sample.booking;

/**
 * What one run of the settlement did.
 *
 * @param settled number of trades
 * @param epoch epoch of the master that ran it; 0 without a cluster
 * @param node the node that ran it
 */
public record Settlement(int settled, long epoch, String node) {}
