package org.hatask;

/**
 * A durable task was taken from a node that died, or could not renew its lease. Published on the node that noticed, once per
 * task in the cluster.
 *
 * @param task name of the task
 * @param taskId its id
 * @param fromNode id of the node that had it
 * @param state what follows: {@link TaskState#PENDING} when another node takes it, {@link TaskState#FAILED} when it may have
 *     run and must not run twice, {@link TaskState#PARKED} when several nodes died with it, {@link TaskState#CANCELLED} when
 *     that was wanted
 */
public record TaskReassignedEvent(String task, String taskId, String fromNode, TaskState state) {}
