package org.hatask.failure;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whose fault it is that a task is overdue. On one node, that node's; on a second one too, the task's own: then it is reported
 * as sick, and only the node that was blamed first stays so. The blame is remembered for a while after the task has ended, as
 * a task that is to blame is often executed again elsewhere and takes its time there.
 *
 * <p>Owned by {@link NodeHealth} and guarded by its monitor.
 */
final class Blame {

    private final Duration memory;
    private final Clock clock;
    private final Map<String, Case> cases = new HashMap<>();

    private static final class Case {
        private String blamed;
        private final List<String> nodes = new ArrayList<>();
        private final Map<String, Long> runningMillis = new HashMap<>();
        private long lastSeen;
        private @Nullable SickTask sick;

        Case(String blamed) {
            this.blamed = blamed;
        }
    }

    /** @param memory how long the blame is remembered */
    Blame(Duration memory, Clock clock) {
        this.memory = memory;
        this.clock = clock;
    }

    /**
     * Takes in all that is overdue now.
     *
     * @return tasks that have turned out to be sick
     */
    List<SickTask> update(List<Overdue> overdue, long now) {
        List<SickTask> found = new ArrayList<>();
        cases.values().forEach(known -> known.runningMillis.clear());
        for (Overdue entry : overdue) {
            Case known = cases.computeIfAbsent(entry.task(), task -> new Case(entry.nodeId()));
            known.lastSeen = now;
            known.runningMillis.merge(entry.nodeId(), entry.runningMillis(), Math::max);
            if (!known.nodes.contains(entry.nodeId())) {
                known.nodes.add(entry.nodeId());
            }
        }
        cases.forEach((task, known) -> {
            known.blamed = blamed(known);
            SickTask before = known.sick;
            if (known.nodes.size() > 1 && (before == null || before.nodes().size() < known.nodes.size())) {
                known.sick = new SickTask(task, known.nodes, before == null ? clock.instant() : before.since());
                found.add(known.sick);
            }
        });
        cases.values().removeIf(known -> now - known.lastSeen > memory.toNanos());
        return found;
    }

    /** Two nodes may each have blamed itself before they heard of each other: on both it is the one where it began. */
    private static String blamed(Case known) {
        Long longest = known.runningMillis.get(known.blamed);
        String blamed = known.blamed;
        if (longest == null) {
            return blamed;
        }
        for (Map.Entry<String, Long> entry : known.runningMillis.entrySet()) {
            if (entry.getValue() > longest) {
                longest = entry.getValue();
                blamed = entry.getKey();
            }
        }
        return blamed;
    }

    /** Whether this node is to blame for the task's being overdue on it. */
    boolean isBlamed(String task, String nodeId) {
        Case known = cases.get(task);
        return known == null || known.blamed.equals(nodeId);
    }

    /** The tasks that are to blame themselves, as far as remembered. */
    List<SickTask> sickTasks() {
        List<SickTask> sick = new ArrayList<>();
        for (Case known : cases.values()) {
            if (known.sick != null) {
                sick.add(known.sick);
            }
        }
        return sick;
    }
}
