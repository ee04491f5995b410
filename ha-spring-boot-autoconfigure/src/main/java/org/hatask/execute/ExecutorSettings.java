package org.hatask.execute;

/**
 * @param threads how many attempts for other nodes run at the same time, at least 1
 * @param queueCapacity how many more may wait, 0 or more; beyond that they are refused as busy
 */
public record ExecutorSettings(int threads, int queueCapacity) {}
