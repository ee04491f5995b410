package org.hatask;

/**
 * This node is no longer master. Published after the fact: what needs certainty calls {@link TaskContext#checkMaster()}.
 *
 * @param epoch the epoch that ended
 * @param cause why
 */
public record MasterLostEvent(long epoch, String cause) {}
