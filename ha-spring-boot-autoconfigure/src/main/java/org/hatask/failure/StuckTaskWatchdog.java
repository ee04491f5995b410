package org.hatask.failure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.hatask.execute.Attempt;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskExecutor.Overrun;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the tasks that run on this node. One that runs for its max-task-duration is overdue: it is interrupted, and the
 * heartbeat says so. One that still runs after a time of grace is stuck, and this node suspect: it refuses new work and gives up its mastership,
 * until the task has ended. A node that nobody could stand in for goes on working, and says so.
 *
 * <p>{@link #tick} is called by one timer, whose thread owns everything here; the rest reads a snapshot.
 */
public final class StuckTaskWatchdog {

    private static final Logger log = LoggerFactory.getLogger(StuckTaskWatchdog.class);

    private final TaskExecutor executor;
    private final Supplier<String> nodeId;
    private final BiPredicate<String, String> blamed;
    private final BooleanSupplier replaceable;
    private final Consumer<@Nullable String> standAside;

    private final Set<Attempt> interrupted = new HashSet<>();
    private boolean aside;
    private volatile State state = State.WELL;

    /**
     * @param suspect why this node is suspect, or null
     * @param overdue what is overdue on it
     * @param stuck how many of these still run after their time of grace, although they were interrupted
     */
    public record State(@Nullable String suspect, List<Overdue> overdue, int stuck) {

        static final State WELL = new State(null, List.of(), 0);

        public State {
            overdue = List.copyOf(overdue);
        }
    }

    /**
     * @param nodeId id of this node
     * @param blamed whether a task's being overdue on a node is the fault of the node
     * @param replaceable whether other nodes can do the work of this one
     * @param standAside leaves the mastership to another node, with the cause; null when it need not any more; must not block
     */
    public StuckTaskWatchdog(
            TaskExecutor executor,
            Supplier<String> nodeId,
            BiPredicate<String, String> blamed,
            BooleanSupplier replaceable,
            Consumer<@Nullable String> standAside) {
        this.executor = executor;
        this.nodeId = nodeId;
        this.blamed = blamed;
        this.replaceable = replaceable;
        this.standAside = standAside;
    }

    /** How this node is. */
    public State state() {
        return state;
    }

    /** Looks at what runs. Called by one timer, a few times a second. */
    public void tick() {
        List<Overrun> overruns = executor.overruns();
        State before = state;
        if (overruns.isEmpty() && before == State.WELL) {
            return;
        }
        String self = nodeId.get();
        interruptOnce(overruns);
        List<Overdue> overdue = new ArrayList<>();
        String suspect = null;
        int stuck = 0;
        for (Overrun overrun : overruns) {
            Attempt attempt = overrun.attempt();
            overdue.add(new Overdue(
                    attempt.task().name(),
                    attempt.taskId(),
                    self,
                    overrun.runningFor().toMillis()));
            if (!isStuck(overrun)) {
                continue;
            }
            stuck++;
            if (suspect == null && blamed.test(attempt.task().name(), self)) {
                suspect = "task " + attempt.task().name() + " (" + attempt.taskId()
                        + ") has not ended after its max-task-duration of "
                        + attempt.task().maxDuration() + ", although it was interrupted";
            }
        }
        if (suspect != null && before.suspect() != null) {
            // The first reason stays, whatever else gets stuck.
            suspect = before.suspect();
        }
        state = overdue.isEmpty() ? State.WELL : new State(suspect, overdue, stuck);
        refuse(before.suspect(), suspect);
    }

    private void interruptOnce(List<Overrun> overruns) {
        interrupted.removeIf(attempt -> overruns.stream().noneMatch(overrun -> overrun.attempt() == attempt));
        for (Overrun overrun : overruns) {
            if (interrupted.add(overrun.attempt())) {
                log.warn(
                        "Task {} is overdue on this node, after {}: it is told to stop",
                        overrun.attempt(),
                        overrun.attempt().task().maxDuration());
                executor.stop(overrun);
            }
        }
    }

    private static boolean isStuck(Overrun overrun) {
        Duration maxDuration = overrun.attempt().task().maxDuration();
        return overrun.runningFor().compareTo(maxDuration.plus(NodeHealth.grace(maxDuration))) >= 0;
    }

    private void refuse(@Nullable String before, @Nullable String suspect) {
        if (suspect == null) {
            executor.suspect(null);
            returnFromAside();
            if (before != null) {
                log.info("Node {} takes tasks again: what was stuck on it has ended", nodeId.get());
            }
            return;
        }
        boolean resting = replaceable.getAsBoolean();
        executor.suspect(resting ? suspect : null);
        if (before == null) {
            log.info(
                    "Node {} is suspect and {}: {}",
                    nodeId.get(),
                    resting ? "takes no tasks" : "takes tasks all the same, as no other node can",
                    suspect);
        }
        if (!resting) {
            // Were all others suspect as well, all would leave the mastership to each other.
            returnFromAside();
        } else if (!aside) {
            aside = true;
            standAside.accept("node " + nodeId.get() + " is suspect: " + suspect);
        }
    }

    private void returnFromAside() {
        if (aside) {
            aside = false;
            standAside.accept(null);
        }
    }
}
