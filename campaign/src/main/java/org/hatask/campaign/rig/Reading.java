package org.hatask.campaign.rig;

import java.util.Map;

/**
 * What a process holds at a moment.
 *
 * @param heapBytes what a full collection left
 * @param threads all of them, the JVM's too
 * @param files open file descriptors, sockets among them
 * @param instances what a full collection left, by name of the class
 */
public record Reading(long heapBytes, long threads, long files, Map<String, Long> instances) {}
