package org.hatask.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.hatask.NodeHealthChangedEvent.Status;
import org.hatask.cluster.ClusterListener;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.hatask.failure.Fitness;
import org.hatask.link.LinkInfo;
import org.hatask.link.NodeReport;
import org.hatask.link.ReportListener;

/**
 * What this node thinks of each member and how well it reaches it. The meters of a node come with it and go with it: a process
 * that takes its place at once goes on with them. Its monitor guards which there are.
 */
public final class PeerMeters implements MeterBinder, ClusterListener, ReportListener {

    private final Supplier<ClusterView> view;
    private final Fitness fitness;
    private final Supplier<List<LinkInfo>> links;
    private final List<MeterRegistry> registries = new ArrayList<>();
    private final Map<String, Peer> peers = new HashMap<>();

    /** The meters of one node. */
    private record Peer(Map<MeterRegistry, List<Meter>> meters, List<Timer> roundTrips) {}

    /**
     * @param view the cluster as it is now
     * @param fitness what is thought of nodes
     * @param links the links of the moment
     */
    public PeerMeters(Supplier<ClusterView> view, Fitness fitness, Supplier<List<LinkInfo>> links) {
        this.view = view;
        this.fitness = fitness;
        this.links = links;
    }

    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        registries.add(registry);
        peers.forEach((id, peer) -> bind(id, peer, registry));
        followMembers();
    }

    @Override
    public synchronized void viewChanged(ClusterView before, ClusterView after) {
        followMembers();
    }

    /** By the picture of this moment, as the one that a listener is told of may be older. */
    private void followMembers() {
        Set<String> ids = view.get().members().stream().map(Node::id).collect(Collectors.toSet());
        peers.entrySet().removeIf(entry -> {
            boolean gone = !ids.contains(entry.getKey());
            if (gone) {
                entry.getValue().meters().forEach((registry, meters) -> meters.forEach(registry::remove));
            }
            return gone;
        });
        for (String id : ids) {
            if (!peers.containsKey(id)) {
                Peer peer = new Peer(new HashMap<>(), new ArrayList<>());
                peers.put(id, peer);
                registries.forEach(registry -> bind(id, peer, registry));
            }
        }
    }

    private void bind(String id, Peer peer, MeterRegistry registry) {
        Tags peerTag = Tags.of("peer", id);
        List<Meter> meters = new ArrayList<>(StateGauges.register(
                registry,
                "ha.breaker.state",
                "1 for what this node thinks of a node",
                peerTag,
                "state",
                Status.values(),
                status -> StateGauges.of(status(id) == status)));
        if (!id.equals(view.get().self().id())) {
            meters.add(Gauge.builder("ha.link.pending", () -> pending(id))
                    .description("Calls of this node that wait for an answer of a node")
                    .tags(peerTag)
                    .register(registry));
            Timer roundTrip = Timer.builder("ha.link.round.trip")
                    .description(
                            "From a heartbeat to a node to the one that brings its time back, without the wait there")
                    .tags(peerTag)
                    .register(registry);
            meters.add(roundTrip);
            peer.roundTrips().add(roundTrip);
        }
        peer.meters().put(registry, meters);
    }

    private Status status(String id) {
        return view.get()
                .member(id)
                .map(node -> fitness.condition(node).status())
                .orElse(Status.UNREACHABLE);
    }

    private int pending(String id) {
        return links.get().stream()
                .filter(link -> link.nodeId().equals(id))
                .mapToInt(LinkInfo::pending)
                .sum();
    }

    @Override
    public void reported(String nodeId, String incarnation, NodeReport report) {}

    @Override
    public synchronized void measured(String nodeId, String incarnation, Duration roundTrip) {
        Peer peer = peers.get(nodeId);
        if (peer != null) {
            peer.roundTrips().forEach(timer -> timer.record(roundTrip));
        }
    }
}
