package org.hatask.link;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.List;
import org.hatask.failure.Overdue;
import org.jspecify.annotations.Nullable;

/**
 * What a node says of itself with every heartbeat.
 *
 * @param uptimeMillis time since its process started
 * @param load system load average of the last minute, negative where the system has none
 * @param heapUsed bytes
 * @param heapMax bytes
 * @param inFlight attempts that run or wait there
 * @param running what runs there; at most {@value #MAX_RUNNING} travel
 * @param suspect why it takes no work, or null
 * @param overdue overdue tasks that it knows of, on itself and on others; at most {@value #MAX_RUNNING} travel
 */
public record NodeReport(
        long uptimeMillis,
        double load,
        long heapUsed,
        long heapMax,
        int inFlight,
        List<RunningTask> running,
        @Nullable String suspect,
        List<Overdue> overdue) {

    /** Most running tasks, and most overdue ones, that a heartbeat names. */
    public static final int MAX_RUNNING = 256;

    public NodeReport {
        running = List.copyOf(running.size() > MAX_RUNNING ? running.subList(0, MAX_RUNNING) : running);
        overdue = List.copyOf(overdue.size() > MAX_RUNNING ? overdue.subList(0, MAX_RUNNING) : overdue);
    }

    /**
     * A running attempt.
     *
     * @param task name of the task
     * @param taskId id of its execution
     * @param runningMillis since when
     */
    public record RunningTask(String task, String taskId, long runningMillis) {}

    /** The report of this process at this moment. */
    public static NodeReport ofThisProcess(
            int inFlight, List<RunningTask> running, @Nullable String suspect, List<Overdue> overdue) {
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        return new NodeReport(
                ManagementFactory.getRuntimeMXBean().getUptime(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                heap.getUsed(),
                heap.getMax(),
                inFlight,
                running,
                suspect,
                overdue);
    }
}
