package org.hatask.execute;

/**
 * @param threads how many attempts of one task run for other nodes at the same time while there are no others, at least 1
 * @param queueCapacity how many more of it may wait, 0 or more; beyond that they are refused as busy
 */
public record ExecutorSettings(int threads, int queueCapacity) {}
