package org.hatask.lifecycle;

import java.time.Duration;
import java.util.function.Supplier;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Membership;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.TaskExecutor;
import org.hatask.link.LinkTransport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * How this node joins the cluster and leaves it. Started last, when the web server answers already, and stopped first, while
 * it still answers: the phase lies above that of Spring Boot's graceful shutdown.
 *
 * <p>The order of leaving makes an orderly stop invisible. First nobody sends new work here: the member record says so, the
 * links say so, and what still arrives is refused, which moves it elsewhere. Then the tasks of the master end, and only then
 * the mastership goes, so that no two masters' tasks overlap. Then everything else ends, and last the record goes, since the
 * links to a member that answers must stay, and what a node has that is gone is taken from it.
 */
public final class NodeLifecycle implements SmartLifecycle {

    private static final Logger log = LoggerFactory.getLogger(NodeLifecycle.class);

    /** For the transaction that releases the mastership, after the tasks have ended. */
    private static final Duration HAND_OVER = Duration.ofSeconds(4);

    private final String clusterName;
    private final ClusterState cluster;
    private final Supplier<Node> self;
    private final Coordination coordination;
    private final Membership membership;
    private final MasterElection election;
    private final TaskExecutor executor;
    private final LinkTransport transport;
    private final Duration drainTimeout;
    private volatile Runnable beforeLeaving = () -> {};
    private volatile boolean running;

    /**
     * @param self describes this node; asked at the start, when the port is known
     * @param drainTimeout how long running tasks may take to end at a stop
     */
    public NodeLifecycle(
            String clusterName,
            ClusterState cluster,
            Supplier<Node> self,
            Coordination coordination,
            Membership membership,
            MasterElection election,
            TaskExecutor executor,
            LinkTransport transport,
            Duration drainTimeout) {
        this.clusterName = clusterName;
        this.cluster = cluster;
        this.self = self;
        this.coordination = coordination;
        this.membership = membership;
        this.election = election;
        this.executor = executor;
        this.transport = transport;
        this.drainTimeout = drainTimeout;
    }

    /**
     * Sets what else has to end before this node is no member any more: others then take from it what it still has.
     *
     * @param end called at the stop, when the tasks have ended or their time is over; must not take long
     */
    public void setBeforeLeaving(Runnable end) {
        beforeLeaving = end;
    }

    @Override
    public void start() {
        Node node = self.get();
        cluster.setSelf(node);
        log.info("Node {} (incarnation {}) joins cluster '{}'", node, node.incarnation(), clusterName);
        coordination.start();
        membership.start();
        election.start();
        running = true;
    }

    @Override
    public void stop() {
        Node node = cluster.view().self().withState(NodeState.DRAINING);
        long start = System.nanoTime();
        log.info("Node {} drains: {} tasks run", node.id(), executor.inFlight());
        cluster.setSelf(node);
        executor.drain();
        transport.goAway();
        membership.selfChanged();
        election.resign("shutdown of " + node.id(), drainTimeout.plus(HAND_OVER));
        long handedOver = System.nanoTime();
        Duration left = drainTimeout.minusNanos(handedOver - start);
        if (!executor.awaitIdle(left.isNegative() ? Duration.ZERO : left)) {
            log.warn(
                    "{} tasks still run after {} and will be interrupted: {}",
                    executor.inFlight(),
                    drainTimeout,
                    executor.running());
        }
        try {
            beforeLeaving.run();
        } catch (RuntimeException e) {
            log.error("What was to end before this node leaves has failed. It leaves all the same", e);
        }
        membership.leave();
        running = false;
        log.info(
                "Node {} has left cluster '{}': mastership handed over after {} ms, drained after {} ms",
                node.id(),
                clusterName,
                (handedOver - start) / 1_000_000,
                (System.nanoTime() - start) / 1_000_000);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Above {@code WebServerGracefulShutdownLifecycle}: the default phase is the highest. */
    @Override
    public int getPhase() {
        return SmartLifecycle.DEFAULT_PHASE;
    }
}
