package org.hatask.lifecycle;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.hatask.cluster.MasterDuties;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.MastershipListener;
import org.hatask.cluster.Operations;
import org.hatask.execute.TaskExecutor;
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

    // Belong to the thread of the duties.
    private long takenUp;

    /** Set by the election, read by the thread of the duties: what is worth taking up. */
    private volatile long wanted;

    private volatile boolean active;

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
     * @param audience told when all is done, on the thread of the duties
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
        wanted = epoch;
        if (parts.get().duties() == MasterDuties.NONE) {
            open(epoch);
        }
        duties.execute(() -> takeUp(epoch));
    }

    private void open(long epoch) {
        parts.get().executor().admitMasterTasks(epoch);
        active = true;
        if (wanted != epoch) {
            // Lost in between: whoever came first, it ends closed.
            close();
        }
    }

    private void close() {
        active = false;
        parts.get().executor().refuseMasterTasks();
    }

    private void takeUp(long epoch) {
        if (wanted != epoch) {
            return;
        }
        Parts engine = parts.get();
        try {
            takenUp = epoch;
            engine.duties().takeUp(epoch);
        } catch (Exception e) {
            takenUp = 0;
            String reason = String.valueOf(e.getMessage());
            log.error("This node cannot take up its mastership of epoch {} and gives it back: {}", epoch, reason, e);
            engine.operations().masterFailed(reason);
            engine.election().giveBack(epoch, "it could not take up its duties: " + reason);
            return;
        }
        if (wanted != epoch) {
            return; // Its end stands in the queue already.
        }
        if (engine.duties() != MasterDuties.NONE) {
            open(epoch);
        }
        engine.operations().masterTookUp(epoch);
        audience.gained(epoch);
    }

    @Override
    public void lost(long epoch, String cause) {
        wanted = 0;
        close();
        parts.get().executor().stopMasterTasks(epoch);
        duties.execute(() -> {
            layDown(epoch);
            parts.get().operations().masterLaidDown();
            audience.lost(epoch, cause);
        });
    }

    private void layDown(long epoch) {
        if (takenUp != epoch) {
            return;
        }
        takenUp = 0;
        try {
            parts.get().duties().layDown(epoch);
        } catch (RuntimeException e) {
            log.error("Laying down the mastership of epoch {} failed; going on", epoch, e);
        }
    }

    @Override
    public CompletableFuture<?> handingOver(long epoch, String cause) {
        // Duties that are just being taken up must not open it again.
        wanted = 0;
        close();
        return parts.get()
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
                            layDown(epoch);
                        },
                        duties);
    }
}
