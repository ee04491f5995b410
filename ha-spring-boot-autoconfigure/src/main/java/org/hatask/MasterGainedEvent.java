package org.hatask;

/**
 * This node became master.
 *
 * @param epoch its epoch
 */
public record MasterGainedEvent(long epoch) {}
