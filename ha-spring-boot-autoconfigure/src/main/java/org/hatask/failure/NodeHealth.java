package org.hatask.failure;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.hatask.NodeHealthChangedEvent.Status;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * What this node thinks of all nodes, itself included: by the calls it makes, by what they say over the links, and by
 * whether they can be reached.
 *
 * <p>A call enters {@link #inFlight} when it begins and leaves it when it ends; {@link #tick}, called a few times a second by
 * one timer, goes through them, so that a call is judged while it still hangs and none needs a timer of its own. The monitor of this
 * object guards who is left out and what is overdue; it is taken by the timer, and by a call only when that changes the state
 * of a node. Order of monitors: this one, a call's, a node's.
 */
public final class NodeHealth implements Fitness {

    /** A timed-out attempt is taken for overdue when its timeout was this close to the max-task-duration. */
    private static final Duration CLOSE = Duration.ofSeconds(1);

    /** Longest time between a task's being overdue and its being given up. */
    private static final Duration LONGEST_GRACE = Duration.ofSeconds(10);

    private static final int REMEMBERED_RESTARTS = 100;

    private final FailureSettings settings;
    private final Supplier<ClusterView> view;
    private final Predicate<Node> reachable;
    private final Supplier<? extends Collection<Word>> words;
    private final HealthListener listener;
    private final LongSupplier nanoTime;
    private final Clock clock;
    private final Blame blame;

    private final Map<String, NodeBreaker> breakers = new ConcurrentHashMap<>();
    private final Set<Call> inFlight = ConcurrentHashMap.newKeySet();
    private final Map<String, Condition> shown = new ConcurrentHashMap<>();

    /** Ids of nodes that left while they were not well, with the reason: a new process of that name begins with probes. */
    private final Map<String, String> leftUnwell = new LinkedHashMap<>();

    private volatile boolean calm = true;
    private volatile boolean panic;
    private volatile List<SickTask> sickTasks = List.of();
    private volatile List<Overdue> overdueCalls = List.of();

    /**
     * @param longestTask the longest max-task-duration of any task; what is overdue is remembered for twice as long
     * @param view the cluster as it is now
     * @param reachable whether another node could be reached lately
     * @param words what the other nodes, and this one, have said of themselves last; one for each node that says anything
     * @param nanoTime monotonic clock, the one of the attempts' deadlines
     * @param clock for people
     */
    public NodeHealth(
            FailureSettings settings,
            Duration longestTask,
            Supplier<ClusterView> view,
            Predicate<Node> reachable,
            Supplier<? extends Collection<Word>> words,
            HealthListener listener,
            LongSupplier nanoTime,
            Clock clock) {
        this.settings = settings;
        this.view = view;
        this.reachable = reachable;
        this.words = words;
        this.listener = listener;
        this.nanoTime = nanoTime;
        this.clock = clock;
        this.blame = new Blame(longestTask.multipliedBy(2), clock);
    }

    /** How long after its max-task-duration a task that still runs is given up. */
    static Duration grace(Duration maxDuration) {
        Duration tenth = maxDuration.dividedBy(10);
        return tenth.compareTo(LONGEST_GRACE) < 0 ? tenth : LONGEST_GRACE;
    }

    // --- for the dispatch

    @Override
    public List<Node> fit(List<Node> nodes) {
        boolean allWell = calm;
        Node self = view.get().self();
        List<Node> fit = null;
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            boolean takes = isReachable(node, self) && (allWell || breaker(node).takesNow());
            if (!takes && fit == null) {
                fit = new ArrayList<>(nodes.subList(0, i));
            } else if (takes && fit != null) {
                fit.add(node);
            }
        }
        return fit == null ? nodes : fit;
    }

    @Override
    public List<Node> couldBeFit(List<Node> nodes) {
        Node self = view.get().self();
        return nodes.stream()
                .filter(node -> isReachable(node, self) && breaker(node).isOpenForWork())
                .toList();
    }

    @Override
    public List<Node> lastResort(List<Node> nodes) {
        Node self = view.get().self();
        List<Node> usable =
                nodes.stream().filter(node -> isReachable(node, self)).toList();
        return usable.isEmpty() ? nodes : usable;
    }

    private boolean isReachable(Node node, Node self) {
        return node.isSameProcessAs(self) || reachable.test(node);
    }

    @Override
    public @Nullable Trial begin(Node node, Attempt attempt, boolean anyway, long now) {
        NodeBreaker breaker = breaker(node);
        int generation = breaker.begin(anyway);
        if (generation == NodeBreaker.DENIED) {
            return null;
        }
        Call call = new Call(breaker, attempt, generation, now);
        inFlight.add(call);
        return call;
    }

    private NodeBreaker breaker(Node node) {
        NodeBreaker known = breakers.get(node.incarnation());
        return known != null ? known : breakers.computeIfAbsent(node.incarnation(), incarnation -> newBreaker(node));
    }

    private NodeBreaker newBreaker(Node node) {
        NodeBreaker created = new NodeBreaker(node, settings, nanoTime);
        String unwell;
        synchronized (leftUnwell) {
            unwell = leftUnwell.remove(node.id());
        }
        if (unwell != null) {
            created.beginProbing("it was started again after " + unwell);
            created.setEjected(true);
            calm = false;
        }
        return created;
    }

    /** A call under way. Its monitor guards what it has told already. */
    private final class Call implements Trial {

        private final NodeBreaker breaker;
        private final Attempt attempt;
        private final int generation;
        private final long begunNanos;
        private volatile @Nullable CompletableFuture<Outcome> outcome;
        private volatile boolean givenUp;
        private boolean told;

        Call(NodeBreaker breaker, Attempt attempt, int generation, long begunNanos) {
            this.breaker = breaker;
            this.attempt = attempt;
            this.generation = generation;
            this.begunNanos = begunNanos;
        }

        /** Its identity counts; its time tells where it stands in a set, cheaper than the object's own hash. */
        @Override
        public int hashCode() {
            return Long.hashCode(begunNanos);
        }

        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public void sent(CompletableFuture<Outcome> pending) {
            outcome = pending;
            if (givenUp) {
                giveUp();
            }
        }

        @Override
        public void ended(Outcome ended, long now) {
            if (!inFlight.remove(this)) {
                return;
            }
            long took = now - begunNanos;
            Evidence evidence = Evidence.of(ended, took, slowAfter(), allotted(), timeout());
            boolean moved = tell(evidence, took);
            if (ended instanceof Outcome.Unknown unknown
                    && unknown.timedOut()
                    && took + CLOSE.toNanos() >= maxDuration()
                    && maxDuration() > CLOSE.toNanos()) {
                overdueAndGone(this, took);
                moved = true;
            }
            if (moved) {
                judge();
            }
        }

        @Override
        public void abandoned() {
            if (inFlight.remove(this)) {
                tell(Evidence.NONE, 0);
            }
        }

        /** Counts once, whatever becomes of it later; whether that changed the node's state. */
        private synchronized boolean tell(Evidence evidence, long took) {
            if (told) {
                return false;
            }
            told = true;
            if (evidence == Evidence.NONE) {
                breaker.giveBack(generation);
                return false;
            }
            return breaker.record(generation, evidence == Evidence.BAD, took, slowAfter());
        }

        boolean watch(long now) {
            long runs = now - begunNanos;
            return runs > slowAfter() && tell(Evidence.BAD, runs);
        }

        long runningNanos(long now) {
            return now - begunNanos;
        }

        private long slowAfter() {
            return attempt.task().slowAfter().toNanos();
        }

        private long maxDuration() {
            return attempt.task().maxDuration().toNanos();
        }

        private long timeout() {
            return attempt.task().timeout().toNanos();
        }

        private long allotted() {
            return attempt.deadlineNanos() - begunNanos;
        }

        Overdue overdue(long runningNanos) {
            return new Overdue(
                    attempt.task().name(), attempt.taskId(), breaker.node().id(), runningNanos / 1_000_000);
        }

        /** The caller's side gives up: whoever waits goes on by the rules for an unknown outcome. */
        void giveUp() {
            givenUp = true;
            CompletableFuture<Outcome> pending = outcome;
            if (pending != null) {
                pending.complete(new Outcome.Unknown(
                        "it has not ended after its max-task-duration of "
                                + attempt.task().maxDuration(),
                        true));
            }
        }
    }

    // --- the passing of time

    /** Judges everything anew. Called by one timer, a few times a second. */
    public void tick() {
        List<Call> givenUp;
        synchronized (this) {
            long now = nanoTime.getAsLong();
            followMembers();
            givenUp = watchCalls(now);
            breakers.values().forEach(NodeBreaker::tick);
            judge();
        }
        givenUp.forEach(Call::giveUp);
    }

    private void followMembers() {
        List<Node> members = view.get().members();
        members.forEach(this::breaker);
        breakers.values().removeIf(breaker -> {
            if (members.stream().anyMatch(breaker.node()::isSameProcessAs)) {
                return false;
            }
            if (breaker.isSick()) {
                remember(breaker);
            }
            shown.remove(breaker.node().incarnation());
            return true;
        });
    }

    private void remember(NodeBreaker breaker) {
        synchronized (leftUnwell) {
            leftUnwell.put(breaker.node().id(), String.valueOf(breaker.reason()));
            if (leftUnwell.size() > REMEMBERED_RESTARTS) {
                leftUnwell.remove(leftUnwell.keySet().iterator().next());
            }
        }
    }

    /** What hangs is slow, what hangs for too long is overdue, and at last given up; the calls that are. */
    private List<Call> watchCalls(long now) {
        List<Call> late = new ArrayList<>();
        List<Overdue> calls = new ArrayList<>();
        for (Call call : inFlight) {
            call.watch(now);
            long runs = call.runningNanos(now);
            if (runs >= call.maxDuration()) {
                calls.add(call.overdue(runs));
                if (runs
                                >= call.maxDuration()
                                        + grace(call.attempt.task().maxDuration())
                                                .toNanos()
                        && call.outcome != null) {
                    late.add(call);
                }
            }
        }
        overdueCalls = List.copyOf(calls);
        judgeOverdue(calls, now);
        late.removeIf(call -> !inFlight.remove(call));
        late.forEach(call -> lost(call, call.runningNanos(now)));
        return late;
    }

    /** Condemns nodes on which a task is overdue, and acquits them when it has ended. */
    private void judgeOverdue(List<Overdue> calls, long now) {
        Collection<Word> said = words.get();
        List<Overdue> all = new ArrayList<>(calls);
        said.forEach(word -> all.addAll(word.overdue()));
        blame.update(all, now).forEach(listener::sickTask);
        sickTasks = blame.sickTasks();

        Map<String, Word> words = new HashMap<>();
        said.forEach(word -> words.put(word.incarnation(), word));
        for (NodeBreaker breaker : breakers.values()) {
            String id = breaker.node().id();
            Word word = words.get(breaker.node().incarnation());
            String why = word == null ? null : word.suspect();
            for (Overdue entry : calls) {
                why = why == null ? guilt(entry, id) : why;
            }
            if (word != null) {
                for (Overdue entry : word.overdue()) {
                    why = why == null ? guilt(entry, id) : why;
                }
            }
            if (why != null) {
                breaker.condemn(why);
            } else {
                breaker.acquit("the task that was stuck on it has ended");
            }
            heard(breaker, word != null);
        }
    }

    private @Nullable String guilt(Overdue entry, String nodeId) {
        return entry.nodeId().equals(nodeId) && blame.isBlamed(entry.task(), nodeId)
                ? "task " + entry.task() + " (" + entry.taskId() + ") has not ended after its max-task-duration"
                : null;
    }

    /** A timed-out attempt that had the time of the max-task-duration: nobody watches it any more. */
    private synchronized void overdueAndGone(Call call, long tookNanos) {
        List<Overdue> all = new ArrayList<>(overdueCalls);
        all.add(call.overdue(tookNanos));
        words.get().forEach(word -> all.addAll(word.overdue()));
        blame.update(all, nanoTime.getAsLong()).forEach(listener::sickTask);
        sickTasks = blame.sickTasks();
        lost(call, tookNanos);
    }

    private void lost(Call call, long tookNanos) {
        String why = guilt(call.overdue(tookNanos), call.breaker.node().id());
        if (why != null) {
            call.breaker.quarantine(why);
        }
    }

    /** It is reachable again when a link is there, and not just because it may be tried again. */
    private void heard(NodeBreaker breaker, boolean speaks) {
        ClusterView now = view.get();
        boolean leaving = now.members().stream()
                .anyMatch(node -> node.isSameProcessAs(breaker.node()) && node.state() == NodeState.DRAINING);
        if (!isReachable(breaker.node(), now.self()) && !leaving) {
            breaker.notReached();
        } else if (speaks || leaving || !breaker.isUnreachable()) {
            breaker.reached();
        }
    }

    /** Decides who is left out, and says what has changed. */
    private synchronized void judge() {
        List<EjectionGuard.Standing> living = new ArrayList<>();
        for (Node node : view.get().members()) {
            NodeBreaker breaker = breakers.get(node.incarnation());
            if (breaker != null && node.takesTasks() && !breaker.isUnreachable()) {
                living.add(new EjectionGuard.Standing(node.incarnation(), breaker.isSick(), breaker.sickSince()));
            }
        }
        EjectionGuard.Verdict verdict = EjectionGuard.judge(living, settings.maxEjected());
        boolean well = true;
        for (NodeBreaker breaker : breakers.values()) {
            breaker.setEjected(verdict.ejected().contains(breaker.node().incarnation()));
            well &= breaker.isPlain();
        }
        calm = well;
        if (verdict.panic() != panic) {
            panic = verdict.panic();
            int sick =
                    (int) living.stream().filter(EjectionGuard.Standing::sick).count();
            listener.panicChanged(panic, sick, living.size());
        }
        breakers.values().forEach(this::show);
    }

    private void show(NodeBreaker breaker) {
        String incarnation = breaker.node().incarnation();
        Condition before = shown.get(incarnation);
        Status status = breaker.status();
        String reason = breaker.reason();
        if (before == null) {
            before = new Condition(Status.UP, null, clock.instant());
            shown.put(incarnation, before);
        }
        if (before.status() != status) {
            Condition after = new Condition(status, reason, clock.instant());
            shown.put(incarnation, after);
            listener.healthChanged(breaker.node(), before, after);
        } else if (reason != null && !reason.equals(before.reason())) {
            shown.put(incarnation, new Condition(status, reason, before.since()));
        }
    }

    // --- for others

    @Override
    public Condition condition(Node node) {
        Condition known = shown.get(node.incarnation());
        return known != null ? known : new Condition(Status.UP, null, Instant.EPOCH);
    }

    /** Whether so many nodes look sick that all are used. */
    public boolean isPanic() {
        return panic;
    }

    /** Tasks that were overdue on several nodes lately. */
    public List<SickTask> sickTasks() {
        return sickTasks;
    }

    /** Calls of this node, to any node, that are overdue now. */
    public List<Overdue> overdueCalls() {
        return overdueCalls;
    }

    /** Whether a task that is overdue here is so by the fault of this node, and not the task's own or another node's. */
    public synchronized boolean isBlamed(String task, String nodeId) {
        return blame.isBlamed(task, nodeId);
    }

    /** Whether there is another node that can take the work of this one. */
    public boolean hasHealthyOthers() {
        ClusterView now = view.get();
        return now.members().stream()
                .filter(node -> !node.isSameProcessAs(now.self()) && node.takesTasks())
                .map(node -> condition(node).status())
                .anyMatch(status -> status != Status.UNREACHABLE && status != Status.SUSPECT && status != Status.SICK);
    }
}
