package org.hatask.lifecycle;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.hatask.cluster.MasterDuties;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.MastershipListener;
import org.hatask.cluster.Operations;
import org.hatask.execute.TaskExecutor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows from winning and losing the mastership on this node: first the duties are taken up, then tasks of the master are
 * admitted, then the application hears of it; and the other way round.
 *
 * <p>The election tells it on its own thread, where only flags are set; the duties, which may take long, have a thread of
 * their own ({@code duties}), on which one follows the other. Between two of its steps the node may lose the mastership again:
 * admission asks the lease itself, so that nothing can begin by mistake.
 */
public final class MasterRole implements MastershipListener {

    private static final Logger log = LoggerFactory.getLogger(MasterRole.class);

    private final Supplier<Parts> parts;
    private final MastershipListener audience;
    private final Executor duties;
    private final Duration drainTimeout;

    /** Belongs to the thread of the duties. */
    private @Nullable Gain takenUp;

    /** Set by the election. */
    private volatile @Nullable Gain current;

    private volatile boolean active;

    /** One time of being master: the same epoch can be gained more than once. Its monitor guards what is in it. */
    private static final class Gain {

        private final long epoch;
        private boolean over;
        private @Nullable Thread busy;

        /** Whether the application was told; belongs to the thread of the duties. */
        private boolean told;

        Gain(long epoch) {
            this.epoch = epoch;
        }

        /** This thread takes the duties up; false when it is over already. */
        synchronized boolean begin() {
            if (!over) {
                busy = Thread.currentThread();
            }
            return !over;
        }

        /** This thread has taken them up, or failed; whether it is over. Takes back an interrupt that came from here. */
        synchronized boolean end() {
            busy = null;
            if (over) {
                Thread.interrupted();
            }
            return over;
        }

        synchronized boolean isOver() {
            return over;
        }

        /** It is over: what is being taken up need not be brought to its end. */
        synchronized void over() {
            over = true;
            if (busy != null) {
                busy.interrupt();
            }
        }
    }

    /**
     * What it needs of the engine, looked up late: the executor knows the mastership and is told of its end.
     *
     * @param executor executes tasks
     * @param election gives back what cannot be filled
     * @param operations notes what was brought about
     * @param duties what else a master does
     */
    public record Parts(TaskExecutor executor, MasterElection election, Operations operations, MasterDuties duties) {}

    /**
     * @param audience told when all is done, on the thread of the duties; of a hand-over when it begins, on the election's, and
     *     not waited for then
     * @param duties one thread
     * @param drainTimeout how long running tasks may take to end before a hand-over
     */
    public MasterRole(Supplier<Parts> parts, MastershipListener audience, Executor duties, Duration drainTimeout) {
        this.parts = parts;
        this.audience = audience;
        this.duties = duties;
        this.drainTimeout = drainTimeout;
    }

    /** Whether this node has taken its mastership up, and has not lost it since. */
    public boolean isActive() {
        return active;
    }

    @Override
    public void gained(long epoch) {
        Gain gain = new Gain(epoch);
        current = gain;
        if (parts.get().duties() == MasterDuties.NONE) {
            open(gain);
        }
        duties.execute(() -> takeUp(gain));
    }

    private void open(Gain gain) {
        parts.get().executor().admitMasterTasks(gain.epoch);
        active = true;
        if (gain.isOver()) {
            // In between: whoever came first, it ends closed.
            close();
        }
    }

    private void close() {
        active = false;
        parts.get().executor().refuseMasterTasks();
    }

    private void takeUp(Gain gain) {
        if (!gain.begin()) {
            return;
        }
        Parts engine = parts.get();
        takenUp = gain;
        Throwable problem = null;
        try {
            engine.duties().takeUp(gain.epoch);
        } catch (Exception | Error e) {
            takenUp = null;
            problem = e;
        }
        if (gain.end()) {
            return; // What follows its end stands in the queue already.
        }
        if (problem != null) {
            String reason = String.valueOf(problem.getMessage());
            log.error(
                    "This node cannot take up its mastership of epoch {} and gives it back: {}",
                    gain.epoch,
                    reason,
                    problem);
            engine.operations().masterFailed(reason);
            engine.election().giveBack(gain.epoch, "it could not take up its duties: " + reason);
            return;
        }
        if (engine.duties() != MasterDuties.NONE) {
            open(gain);
        }
        engine.operations().masterTookUp(gain.epoch);
        gain.told = true;
        audience.gained(gain.epoch);
    }

    @Override
    public void lost(long epoch, String cause) {
        Gain gain = end();
        parts.get().executor().stopMasterTasks(epoch);
        duties.execute(() -> {
            layDown(gain);
            parts.get().operations().masterLaidDown();
            if (gain != null && gain.told) {
                gain.told = false;
                audience.lost(epoch, cause);
            }
        });
    }

    private @Nullable Gain end() {
        Gain gain = current;
        if (gain != null) {
            gain.over();
        }
        close();
        return gain;
    }

    private void layDown(@Nullable Gain gain) {
        if (gain == null || takenUp != gain) {
            return;
        }
        takenUp = null;
        try {
            parts.get().duties().layDown(gain.epoch);
        } catch (RuntimeException e) {
            log.error("Laying down the mastership of epoch {} failed; going on", gain.epoch, e);
        }
    }

    @Override
    public CompletableFuture<?> handingOver(long epoch, String cause) {
        Gain gain = end();
        audience.handingOver(epoch, cause);
        CompletableFuture<Void> laidDown = parts.get()
                .executor()
                .masterTasksEnded(drainTimeout)
                .thenAcceptAsync(
                        ended -> {
                            if (!ended) {
                                log.warn(
                                        "Tasks of the master still run after {} and are interrupted: the mastership of"
                                                + " epoch {} is handed over",
                                        drainTimeout,
                                        epoch);
                                parts.get().executor().stopMasterTasks(epoch);
                            }
                            layDown(gain);
                        },
                        duties);
        warnWhenLate(laidDown, epoch);
        return laidDown;
    }

    /** Two nodes with the beans of a primary would be worse than none: the hand-over waits, and says so. */
    private void warnWhenLate(CompletableFuture<Void> laidDown, long epoch) {
        laidDown.copy()
                .orTimeout(drainTimeout.multipliedBy(2).toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((done, error) -> {
                    if (error instanceof TimeoutException) {
                        log.error(
                                "The duties of the master of epoch {} are still being laid down after {}, and the mastership"
                                        + " is not handed over before: a bean does not stop. To end it, end this process",
                                epoch,
                                drainTimeout.multipliedBy(2));
                    }
                });
    }
}
