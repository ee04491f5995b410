package org.hatask.actuate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.hatask.NodeHealthChangedEvent;
import org.hatask.TaskReassignedEvent;
import org.hatask.cluster.ClusterListener;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Master;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.OneLine;
import org.jspecify.annotations.Nullable;
import org.springframework.context.event.EventListener;

/**
 * Remembers what this node has seen of the cluster since its start: the last {@value #MOST} events, and who left. Told on the
 * thread of all events, read by any; its monitor guards all.
 */
public final class RecentEvents implements ClusterListener {

    static final int MOST = 100;
    private static final int MOST_DEPARTED = 50;
    private static final int LONGEST_TEXT = 300;
    private static final Duration MISSED = Duration.ofHours(1);

    private final Predicate<Node> leaving;
    private final Clock clock;
    private final Deque<HaReport.Event> events = new ArrayDeque<>();
    private final Map<String, HaReport.Departed> departed = new LinkedHashMap<>();

    /** Incarnations of members that could not be reached by the last word on their health. */
    private final Set<String> unreachable = new HashSet<>();

    /** @param leaving whether a node has said over a link that it is about to stop */
    public RecentEvents(Predicate<Node> leaving, Clock clock) {
        this.leaving = leaving;
        this.clock = clock;
    }

    /** The oldest first. */
    synchronized List<HaReport.Event> events() {
        return List.copyOf(events);
    }

    /** Who left within the last hour and has not come back, the first one first. */
    synchronized List<HaReport.Departed> departed() {
        Instant begin = clock.instant().minus(MISSED);
        return departed.values().stream()
                .filter(node -> node.at().isAfter(begin))
                .toList();
    }

    @Override
    public synchronized void viewChanged(ClusterView before, ClusterView after) {
        for (Node node : before.members()) {
            if (after.members().stream().noneMatch(node::isSameProcessAs)) {
                left(node, before, after);
            }
        }
        for (Node node : after.members()) {
            before.members().stream()
                    .filter(node::isSameProcessAs)
                    .findFirst()
                    .ifPresentOrElse(old -> compare(old, node), () -> joined(node));
        }
        unreachable.retainAll(after.members().stream().map(Node::incarnation).toList());
        Master master = after.master();
        if (master != null && !master.equals(before.master())) {
            add(HaReport.EventKind.MASTER, master.nodeId(), "leads in epoch " + master.epoch() + ": " + master.cause());
        } else if (master == null && before.master() != null) {
            add(
                    HaReport.EventKind.NO_MASTER,
                    before.master().nodeId(),
                    "leads no more, epoch " + before.master().epoch() + " is over; there is no master");
        }
    }

    private void joined(Node node) {
        departed.remove(node.id());
        add(HaReport.EventKind.JOINED, node.id(), "joined (" + node.uri() + ")");
    }

    private void left(Node node, ClusterView before, ClusterView after) {
        HaReport.Departure how = departure(node, before);
        add(
                HaReport.EventKind.LEFT,
                node.id(),
                switch (how) {
                    case IN_ORDER -> "left in order";
                    case VANISHED -> "is gone and did not sign off";
                    case UNKNOWN -> "left";
                });
        if (after.member(node.id()).isEmpty()) {
            departed.remove(node.id());
            departed.put(node.id(), new HaReport.Departed(node.id(), node.incarnation(), clock.instant(), how));
            if (departed.size() > MOST_DEPARTED) {
                departed.remove(departed.keySet().iterator().next());
            }
        }
    }

    /**
     * A node that stops in order says so, hands its mastership over and can be reached until it has left. What it said may have
     * been missed, but not of a master, to which every node has a link.
     */
    private HaReport.Departure departure(Node node, ClusterView before) {
        if (node.state() == NodeState.DRAINING || leaving.test(node)) {
            return HaReport.Departure.IN_ORDER;
        }
        Master last = before.master() != null ? before.master() : before.formerMaster();
        boolean led = last != null && last.is(node);
        return led || unreachable.contains(node.incarnation())
                ? HaReport.Departure.VANISHED
                : HaReport.Departure.UNKNOWN;
    }

    private void compare(Node before, Node after) {
        if (before.state() != after.state()) {
            add(
                    HaReport.EventKind.STATE,
                    after.id(),
                    switch (after.state()) {
                        case UP -> "takes tasks again";
                        case DRAINING -> "is about to stop";
                        case DRAINED -> "was drained by an operator";
                    });
        }
    }

    @EventListener
    synchronized void on(NodeHealthChangedEvent event) {
        boolean well = event.after() == NodeHealthChangedEvent.Status.UP;
        if (event.after() == NodeHealthChangedEvent.Status.UNREACHABLE) {
            unreachable.add(event.node().incarnation());
        } else {
            unreachable.remove(event.node().incarnation());
        }
        add(
                HaReport.EventKind.HEALTH,
                event.node().id(),
                "is " + event.after() + ", was " + event.before() + (well ? "" : ": " + event.reason()));
    }

    @EventListener
    void on(TaskReassignedEvent event) {
        add(
                HaReport.EventKind.TASK_MOVED,
                event.fromNode(),
                "lost a durable task " + event.task() + ", which is " + event.state() + " now");
    }

    /** The same thing over and over, such as a thousand tasks of one node, is one event. */
    private synchronized void add(HaReport.EventKind kind, @Nullable String node, String text) {
        String line = OneLine.of(text, LONGEST_TEXT);
        HaReport.Event last = events.peekLast();
        int count = 1;
        if (last != null && last.isSame(kind, node, line)) {
            count += last.count();
            events.removeLast();
        }
        events.addLast(new HaReport.Event(clock.instant(), kind, node, line, count));
        if (events.size() > MOST) {
            events.removeFirst();
        }
    }
}
