package org.hatask.failure;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.hatask.HaTask;
import org.hatask.NodeHealthChangedEvent.Status;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Orders;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.Tasks;
import org.hatask.failure.Fitness.Trial;

/** A node that judges others, on a clock that only the test moves. It is n1 itself. */
final class Judge implements HealthListener {

    static final Outcome SUCCEEDED = new Outcome.Succeeded("x");
    static final Outcome TIMED_OUT = new Outcome.Unknown("no answer", true);
    static final Outcome BROKE = new Outcome.Unknown("the connection broke", false);

    /** The defaults of the properties. */
    static final FailureSettings DEFAULTS =
            new FailureSettings(80, Duration.ofSeconds(60), 10, Duration.ofSeconds(30), Duration.ofMinutes(5), 50);

    @SuppressWarnings("unused")
    static class Desk {

        @HaTask
        public void quote() {}

        @HaTask(slowAfter = "5m", timeout = "1h")
        public void batch() {}

        @HaTask(timeout = "600ms")
        public void brief() {}

        @HaTask(slowAfter = "5m", timeout = "10m")
        public void asLong() {}
    }

    static final TaskDefinition QUOTE = Tasks.of(Desk.class, "quote");
    static final TaskDefinition BATCH = Tasks.of(Desk.class, "batch");
    static final TaskDefinition BRIEF = Tasks.of(Desk.class, "brief");
    static final TaskDefinition AS_LONG = Tasks.of(Desk.class, "asLong");

    final Set<String> unreachable = new HashSet<>();
    final Map<String, Word> words = new HashMap<>();
    final List<String> changes = new ArrayList<>();
    final List<SickTask> sickTasks = new ArrayList<>();
    final NodeHealth health;
    List<Node> members;
    boolean panic;
    long nanos = -5_000_000_000L;
    private int tasks;

    Judge(int nodes) {
        this(nodes, DEFAULTS);
    }

    Judge(int nodes, FailureSettings settings) {
        members = new ArrayList<>();
        for (int i = 1; i <= nodes; i++) {
            members.add(node("n" + i, "a"));
        }
        health = new NodeHealth(
                settings,
                Duration.ofMinutes(10),
                () -> new ClusterView(
                        members.get(0), members, null, null, null, 0, Orders.NONE, new CompletableFuture<>()),
                node -> !unreachable.contains(node.id()),
                words::values,
                this,
                () -> nanos,
                Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
        health.tick();
    }

    static Node node(String id, String incarnation) {
        return new Node(
                id,
                id + "-" + incarnation,
                URI.create("http://" + id),
                NodeState.UP,
                true,
                true,
                1,
                null,
                Instant.EPOCH);
    }

    Node node(String id) {
        return members.stream().filter(node -> node.id().equals(id)).findFirst().orElseThrow();
    }

    void restart(String id) {
        members = new ArrayList<>(members);
        Node old = node(id);
        members.remove(old);
        health.tick();
        members.add(node(id, "b"));
        health.tick();
    }

    /** Lets time pass, then the timer fire. */
    Judge pass(Duration time) {
        nanos += time.toNanos();
        health.tick();
        return this;
    }

    Judge passSeconds(long seconds) {
        return pass(Duration.ofSeconds(seconds));
    }

    Attempt attempt(TaskDefinition task) {
        return new Attempt(task, "t" + ++tasks, 1, 0, nanos + task.timeout().toNanos(), "n1");
    }

    /** Null when the node takes no call. */
    Trial begin(String id, TaskDefinition task) {
        return health.begin(node(id), attempt(task), false, nanos);
    }

    /** A call that takes this long, without the timer firing meanwhile. */
    void call(String id, TaskDefinition task, Duration time, Outcome outcome) {
        Trial trial = begin(id, task);
        if (trial == null) {
            throw new AssertionError(id + " takes no call");
        }
        nanos += time.toNanos();
        trial.ended(outcome, nanos);
    }

    void calls(int count, String id, Duration time, Outcome outcome) {
        for (int i = 0; i < count; i++) {
            call(id, QUOTE, time, outcome);
        }
    }

    /** Makes a node sick at this moment. */
    Judge sicken(String id) {
        calls(10, id, Duration.ZERO, BROKE);
        return this;
    }

    Status status(String id) {
        return health.condition(node(id)).status();
    }

    String reason(String id) {
        return String.valueOf(health.condition(node(id)).reason());
    }

    /** Ids of the nodes that get work. */
    List<String> fit() {
        return health.fit(members).stream().map(Node::id).toList();
    }

    /** How many of a hundred calls the node could get. */
    int share(String id) {
        int share = 0;
        for (int i = 0; i < 100; i++) {
            if (fit().contains(id)) {
                share++;
            }
        }
        return share;
    }

    @Override
    public void healthChanged(Node node, Condition before, Condition after) {
        changes.add(node.id() + " " + before.status() + " -> " + after.status());
    }

    @Override
    public void panicChanged(boolean panic, int sick, int living) {
        this.panic = panic;
    }

    @Override
    public void sickTask(SickTask task) {
        sickTasks.add(task);
    }
}
