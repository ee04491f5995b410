package org.hatask.dispatch;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hatask.HaException;
import org.hatask.NoMasterException;
import org.hatask.NoNodeAvailableException;
import org.hatask.Role;
import org.hatask.TaskOutcomeUnknownException;
import org.hatask.TaskRejectedException;
import org.hatask.TaskTimeoutException;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskObserver;
import org.hatask.execute.TaskObserver.Ending;
import org.hatask.failure.Fitness;
import org.jspecify.annotations.Nullable;

/**
 * One logical call, as a state machine: it decides, somebody else does. {@link #next()} says what to do; after a
 * {@link Step.Try} or {@link Step.Ask} its outcome is given to {@link #judge}, and whoever leaves before the end calls
 * {@link #abandon}. All rules of re-execution are here, none elsewhere:
 *
 * <ul>
 *   <li>not sent and refused: nothing ran, so the same attempt goes to another node while its time allows;
 *   <li>unknown as the connection broke, while its node is still a member: the node is asked, and the answer counts as the
 *       outcome;
 *   <li>failed and unknown: another attempt only where the task's {@code retry} allows, on a node not tried before while
 *       there is one;
 *   <li>succeeded and cancelled: the end.
 * </ul>
 *
 * <p>Owned by one call; used by one thread at a time.
 */
final class Execution {

    private static final Duration FIRST_ROUND_PAUSE = Duration.ofMillis(5);
    private static final Duration LONGEST_ROUND_PAUSE = Duration.ofMillis(250);

    /** How long a way back to a node is looked for, where no other attempt could take the place of the one it knows of. */
    static final Duration ASK_PATIENCE = Duration.ofSeconds(5);

    private static final Duration ASK_PAUSE = Duration.ofMillis(200);

    private final TaskDefinition task;
    private final String taskId;
    private final RetryPolicy retry;
    private final boolean onlyHere;
    private final @Nullable String key;
    private final DecisionLog decisions;
    private final Environment environment;
    private final TaskObserver.Call observed;
    private final long begunNanos;
    private final long callDeadline;

    /** Nodes, by incarnation, on which the method was or may have been started. */
    private Set<String> attempted = Set.of();
    /** Nodes that would refuse this call for ever. */
    private Set<String> unable = Set.of();
    /** Nodes that did not take the present attempt in the present round. */
    private Set<String> passed = Set.of();
    /** Nodes that are busy and said when to ask them again, with that time. */
    private Map<String, Long> restingUntil = Map.of();

    private int attempts;
    private int rounds;
    /** The cluster as it was in the last round. */
    private @Nullable ClusterView roundOf;

    private long attemptDeadline;
    private long unplacedSince;
    private boolean onlyBusy;
    private @Nullable String lastObstacle;
    private @Nullable Throwable lastError;
    private Ending lastEnding = Ending.NOT_EXECUTED;
    private long pauseUntil;
    private @Nullable Placed current;
    private @Nullable Question question;
    private @Nullable Step end;
    private boolean abandoned;

    /** When the present step was begun: one reading of the clock for all that belongs to it. */
    private long now;

    /** The attempt that is made, and who is told of its end. */
    private record Placed(
            Attempt attempt,
            Fitness.Trial trial,
            DecisionLog.Decision decision,
            TaskObserver.Try observed,
            long sinceNanos) {}

    /**
     * An attempt of which a node may still know what became.
     *
     * @param unknown what is known of it without asking
     * @param until when it is no longer worth looking for a connection
     */
    private record Question(Node node, Attempt attempt, Outcome.Unknown unknown, long until) {}

    /**
     * What executions need of the node they run on.
     *
     * @param view the cluster as it is now
     * @param chooser chooses among candidates
     * @param fitness which nodes are fit for work; told of every attempt
     * @param outlook whether a master is worth waiting for
     * @param stopped whether this node has left and can neither send nor execute any more
     * @param electionWait how long a call waits for somebody who can take it
     * @param nanoTime monotonic clock
     * @param budget pays for what is executed again
     * @param observer told of everything that is done
     */
    record Environment(
            Supplier<ClusterView> view,
            NodeChooser chooser,
            Fitness fitness,
            MasterOutlook outlook,
            BooleanSupplier stopped,
            Duration electionWait,
            LongSupplier nanoTime,
            RetryBudget budget,
            TaskObserver observer) {}

    /**
     * @param onlyHere whether no other node than this may execute it
     * @param key the call's key, where the task has one
     * @param decisions remembers which nodes were chosen
     * @param callerRemaining time that the caller itself has left, where it is a task; null otherwise
     */
    Execution(
            TaskDefinition task,
            String taskId,
            RetryPolicy retry,
            boolean onlyHere,
            @Nullable String key,
            DecisionLog decisions,
            @Nullable Duration callerRemaining,
            Environment environment) {
        this.task = task;
        this.taskId = taskId;
        this.retry = retry;
        this.onlyHere = onlyHere;
        this.key = key;
        this.decisions = decisions;
        this.environment = environment;
        this.observed = environment.observer().called(task, taskId);
        this.now = environment.nanoTime().getAsLong();
        this.begunNanos = now;
        // Half the range of nanoTime is as good as never, and still safe to subtract.
        this.callDeadline = now + (callerRemaining == null ? Long.MAX_VALUE / 2 : callerRemaining.toNanos());
        this.pauseUntil = now;
        openWindow(now);
    }

    private void readClock() {
        now = environment.nanoTime().getAsLong();
    }

    /** Begins the time of the next attempt. */
    private void openWindow(long begin) {
        long timeout = begin + Math.min(task.timeout().toNanos(), Long.MAX_VALUE / 2);
        attemptDeadline = timeout - callDeadline < 0 ? timeout : callDeadline;
        unplacedSince = begin;
        onlyBusy = true;
        rounds = 0;
        passed = Set.of();
        lastObstacle = null;
    }

    /** Number of the attempt that is made or looked for, from 1. */
    private int attempt() {
        return attempts + 1;
    }

    /** How many attempts were or may have been started. */
    int startedAttempts() {
        return end instanceof Step.Return ? attempts + 1 : attempts;
    }

    /** How long the call had taken when its last step was begun. */
    long tookNanos() {
        return now - begunNanos;
    }

    Step next() {
        if (end != null) {
            return end;
        }
        readClock();
        if (question != null) {
            return ask(question);
        }
        if (environment.stopped().getAsBoolean()) {
            return finish(new NoNodeAvailableException(
                    "Task " + task + " (" + taskId + ") was not executed: this node has stopped."));
        }
        if (pauseUntil - now > 0) {
            return new Step.Wait(new CompletableFuture<>(), Duration.ofNanos(pauseUntil - now));
        }
        ClusterView view = environment.view().get();
        List<Node> candidates = candidates(view);
        List<Node> able = without(RoleRouter.able(candidates, task), unable);
        if (!candidates.isEmpty() && able.isEmpty()) {
            return finish(nobodyCan(view, candidates));
        }
        List<Node> open = awake(without(able, passed));
        if (!open.isEmpty()) {
            boolean inTime = attemptDeadline - now > 0;
            Step.Try next = inTime ? place(preferred(open), attemptFor(view), view.self()) : null;
            if (next != null) {
                return next;
            }
            if (lastObstacle == null) {
                // Who wants nobody is not busy: it has the time of an election to think otherwise.
                onlyBusy = false;
                lastObstacle = inTime ? "the balancing strategy chose none" : "its time was over before one was asked";
            }
        }
        return waitForNode(view, able);
    }

    private List<Node> candidates(ClusterView view) {
        List<Node> all = RoleRouter.candidates(view, task.role());
        List<Node> allowed =
                onlyHere ? all.stream().filter(view.self()::isSameProcessAs).toList() : all;
        return allowed.isEmpty() && isLastResort(view.self()) ? List.of(view.self()) : allowed;
    }

    /** The last node that stops still serves requests for a while, and nobody else could execute their tasks. */
    private boolean isLastResort(Node self) {
        return self.state() == NodeState.DRAINING && self.acceptsTasks() && task.role() != Role.MASTER;
    }

    private Attempt attemptFor(ClusterView view) {
        long epoch = task.role() == Role.MASTER && view.master() != null
                ? view.master().epoch()
                : 0;
        return new Attempt(
                task, taskId, attempt(), epoch, attemptDeadline, view.self().id());
    }

    /** Nodes that are fit come first, and among them those never tried. */
    private List<Node> preferred(List<Node> open) {
        if (open.size() == 1) {
            return open;
        }
        List<Node> fresh = without(open, attempted);
        List<Node> choice = fresh.isEmpty() ? open : fresh;
        List<Node> fit = environment.fitness().fit(choice);
        if (fit.isEmpty() && choice.size() < open.size()) {
            fit = environment.fitness().fit(open);
        }
        return fit.isEmpty() ? environment.fitness().lastResort(choice) : fit;
    }

    /** Finds the node that is chosen and takes it; null when the strategy wants none. The last one takes it in any case. */
    private Step.@Nullable Try place(List<Node> choice, Attempt attempt, Node self) {
        for (List<Node> left = choice; ; ) {
            Node node = environment.chooser().choose(task, key, left).orElse(null);
            if (node == null) {
                return null;
            }
            Fitness.Trial begun = environment.fitness().begin(node, attempt, left.size() == 1, now);
            if (begun != null) {
                TaskObserver.Try observedTry = observed.tried(node, attempt, node.isSameProcessAs(self));
                Attempt traced = attempt.in(observedTry.trace());
                current = new Placed(
                        traced,
                        begun,
                        decisions.add(now, taskId, attempt.number(), node, choice.size()),
                        observedTry,
                        now);
                return new Step.Try(node, traced);
            }
            left = without(left, Set.of(node.incarnation()));
        }
    }

    private List<Node> awake(List<Node> nodes) {
        return restingUntil.isEmpty()
                ? nodes
                : nodes.stream().filter(node -> rest(node) == 0).toList();
    }

    /** How long the node does not want to be asked, in nanoseconds. */
    private long rest(Node node) {
        Long until = restingUntil.get(node.incarnation());
        return until == null ? 0 : Math.max(0, until - now);
    }

    /** Most calls need no set at all. */
    private static Set<String> with(Set<String> incarnations, Node node) {
        Set<String> grown = incarnations.isEmpty() ? new HashSet<>() : incarnations;
        grown.add(node.incarnation());
        return grown;
    }

    private static List<Node> without(List<Node> nodes, Set<String> incarnations) {
        return incarnations.isEmpty()
                ? nodes
                : nodes.stream()
                        .filter(node -> !incarnations.contains(node.incarnation()))
                        .toList();
    }

    /** Nobody takes it at the moment: waits for the cluster to change, or a little, and begins a new round. */
    private Step waitForNode(ClusterView view, List<Node> able) {
        Optional<String> hopeless =
                task.role() == Role.MASTER ? environment.outlook().hopeless(view) : Optional.empty();
        if (hopeless.isPresent()) {
            return finish(
                    new NoMasterException("Task " + task + " (" + taskId + ") was not executed. " + hopeless.get()));
        }
        boolean nobody = able.isEmpty();
        if (nobody) {
            onlyBusy = false;
        }
        // A full queue empties while time allows; whatever else is wrong has the time of an election to mend itself.
        long patience = unplacedSince + environment.electionWait().toNanos();
        long until = onlyBusy || attemptDeadline - patience < 0 ? attemptDeadline : patience;
        if (until - now <= 0) {
            return finish(nobodyTookIt(view, nobody, Duration.ofNanos(now - unplacedSince)));
        }
        passed = Set.of();
        if (view != roundOf) {
            // Whoever the change has brought, a new master for example, is about to be ready: worth asking soon.
            rounds = 0;
        }
        Duration pause = Duration.ofNanos(until - now);
        if (!nobody) {
            long rest = able.stream().mapToLong(this::rest).min().orElse(0);
            pause = max(roundPause(), Duration.ofNanos(rest));
        }
        rounds++;
        roundOf = view;
        return new Step.Wait(view.changed(), min(pause, Duration.ofNanos(until - now)));
    }

    private Duration roundPause() {
        return min(FIRST_ROUND_PAUSE.multipliedBy(1L << Math.min(rounds, 10)), LONGEST_ROUND_PAUSE);
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }

    private static Duration max(Duration a, Duration b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    /** To wait would not help: these nodes will not learn it. */
    private HaException nobodyCan(ClusterView view, List<Node> candidates) {
        String lacking = RoleRouter.whyUnable(view, candidates, task);
        String why = Stream.of(lacking, lastObstacle == null ? "" : lastObstacle)
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining("; "));
        return new TaskRejectedException("No node" + (task.role() == Role.ANY ? "" : " with the role " + task.role())
                + " can execute task " + task + " (" + taskId + "): " + why
                + (lacking.isEmpty() ? "" : ". Run the same version of the application there."));
    }

    private HaException nobodyTookIt(ClusterView view, boolean nobody, Duration waited) {
        String call = "Task " + task + " (" + taskId + ") was not executed: ";
        String after = " Waited " + waited.toMillis() + " ms.";
        if (nobody) {
            String why = call + RoleRouter.whyNone(view, task.role()) + after;
            return task.role() == Role.MASTER ? new NoMasterException(why) : new NoNodeAvailableException(why);
        }
        String why = call + "no node took it; the last obstacle: " + lastObstacle + "." + after;
        if (onlyBusy) {
            return new TaskRejectedException(why);
        }
        return task.role() == Role.MASTER ? new NoMasterException(why) : new NoNodeAvailableException(why);
    }

    private Step ask(Question asked) {
        ClusterView view = environment.view().get();
        if (environment.stopped().getAsBoolean()) {
            return settle(asked, "this node has stopped");
        }
        if (view.members().stream().noneMatch(asked.node()::isSameProcessAs)) {
            return settle(asked, "it has left the cluster");
        }
        if (attemptDeadline - now <= 0) {
            return settle(asked, "the time of the attempt was over");
        }
        return pauseUntil - now > 0
                ? new Step.Wait(view.changed(), Duration.ofNanos(pauseUntil - now))
                : new Step.Ask(asked.node(), asked.attempt(), asked.unknown().callId());
    }

    /** It stays unknown. */
    private Step settle(Question asked, String whyNotAsked) {
        question = null;
        pauseUntil = now;
        decide(asked.node(), stillUnknown(asked, whyNotAsked));
        return next();
    }

    private static Outcome.Unknown stillUnknown(Question asked, String whyNotAsked) {
        return new Outcome.Unknown(
                asked.unknown().reason() + "; it could not be asked afterwards: " + whyNotAsked, false);
    }

    /** What the last {@link Step.Try} or {@link Step.Ask} waits for; is completed from outside when its node is given up. */
    void sent(CompletableFuture<Outcome> outcome) {
        Placed placed = current;
        if (placed != null) {
            placed.trial().sent(outcome);
        }
    }

    /** Nobody waits for the call any more: an attempt that has no outcome yet tells nothing of its node. */
    void abandon() {
        Placed placed = current;
        if (placed != null) {
            current = null;
            readClock();
            placed.trial().abandoned();
            placed.observed().ended(new Outcome.Cancelled(), now - placed.sinceNanos());
        }
        if (end == null && !abandoned) {
            abandoned = true;
            readClock();
            observed.ended(Ending.CANCELLED, null, tookNanos());
        }
    }

    private void end(Step last, Ending ending, @Nullable Throwable error) {
        end = last;
        if (!abandoned) {
            observed.ended(ending, error, tookNanos());
        }
    }

    /** Takes the outcome of the attempt that the last {@link Step.Try} or {@link Step.Ask} was about. */
    void judge(Node node, Outcome outcome) {
        readClock();
        Placed placed = current;
        if (outcome instanceof Outcome.Unknown unknown && unknown.callId() != 0 && placed != null) {
            question = new Question(
                    node,
                    placed.attempt(),
                    unknown,
                    now + askPatience(node, unknown).toNanos());
        } else if (question == null) {
            decide(node, outcome);
        } else {
            answered(question, outcome);
        }
    }

    /** Where another attempt may follow, only a node that is reached at once is asked: the work goes on sooner without it. */
    private Duration askPatience(Node node, Outcome.Unknown unknown) {
        boolean another = retry.allowsAnother(attempt()) && retry.covers(unknownError(node, unknown));
        return another ? Duration.ZERO : ASK_PATIENCE;
    }

    private void answered(Question asked, Outcome outcome) {
        long retryAt = now + ASK_PAUSE.toNanos();
        if (outcome instanceof Outcome.NotSent && asked.until() - retryAt >= 0) {
            pauseUntil = retryAt;
            return;
        }
        question = null;
        if (outcome instanceof Outcome.NotSent notSent) {
            decide(asked.node(), stillUnknown(asked, notSent.reason()));
        } else if (outcome instanceof Outcome.Unknown unknown && !unknown.timedOut()) {
            decide(asked.node(), stillUnknown(asked, unknown.reason()));
        } else {
            decide(asked.node(), outcome);
        }
    }

    private void decide(Node node, Outcome outcome) {
        Placed placed = current;
        if (placed != null) {
            current = null;
            placed.trial().ended(outcome, now);
            placed.decision().ended(outcome);
            placed.observed().ended(outcome, now - placed.sinceNanos());
        }
        if (outcome instanceof Outcome.Succeeded succeeded) {
            end(new Step.Return(succeeded.value()), Ending.SUCCEEDED, null);
        } else if (outcome instanceof Outcome.Failed failed) {
            again(node, failed.error(), Ending.FAILED, retry.covers(failed), true);
        } else if (outcome instanceof Outcome.Unknown unknown) {
            HaException error = unknownError(node, unknown);
            // A node that died costs nothing but the way to another; a slow one deserves the pause.
            again(node, error, Ending.UNKNOWN, retry.covers(error), unknown.timedOut());
        } else if (outcome instanceof Outcome.NotSent notSent) {
            pass(node, "node " + node.id() + ": " + notSent.reason(), false);
        } else if (outcome instanceof Outcome.Refused refused) {
            if (refused.refusal().isPermanent()) {
                unable = with(unable, node);
            }
            if (!refused.comeBackAfter().isZero()) {
                if (restingUntil.isEmpty()) {
                    restingUntil = new HashMap<>();
                }
                restingUntil.put(
                        node.incarnation(), now + refused.comeBackAfter().toNanos());
            }
            pass(node, refused.message(), refused.refusal() == Refusal.BUSY);
        } else {
            Throwable error = new CancellationException(
                    "Task " + task + " (" + taskId + ") was cancelled while it was with node " + node.id());
            end(new Step.Throw(error), Ending.CANCELLED, error);
        }
    }

    private void pass(Node node, String obstacle, boolean busy) {
        passed = with(passed, node);
        lastObstacle = obstacle;
        onlyBusy &= busy;
    }

    private void again(Node node, Throwable error, Ending ending, boolean covered, boolean withPause) {
        attempts++;
        lastEnding = ending;
        attempted = with(attempted, node);
        Duration pause = withPause ? retry.pauseAfter(attempts) : Duration.ZERO;
        if (!covered || !retry.allowsAnother(attempts) || callDeadline - now <= pause.toNanos()) {
            end(new Step.Throw(error), ending, error);
            return;
        }
        if (withPause) {
            if (!environment.budget().take()) {
                endForWantOfBudget(error);
                return;
            }
        } else {
            // A lost node takes all its attempts at once, long ones too: they queue for what each second brings.
            pause = environment.budget().reserve(min(environment.electionWait(), Duration.ofNanos(callDeadline - now)));
            if (pause.isNegative()) {
                endForWantOfBudget(error);
                return;
            }
        }
        lastError = error;
        pauseUntil = now + pause.toNanos();
        openWindow(pauseUntil);
    }

    private void endForWantOfBudget(Throwable error) {
        suppress(
                error,
                new HaException("Task " + task + " (" + taskId + ") was not tried again after attempt "
                        + attempts + ": the retry budget of this node (" + environment.budget()
                        + ") is used up. If its calls may cause more load than that when they fail, raise ha.dispatch.retry-budget"
                        + " or ha.dispatch.retry-budget-minimum."));
        end(new Step.Throw(error), lastEnding, error);
    }

    private HaException unknownError(Node node, Outcome.Unknown unknown) {
        String message = "Whether task " + task + " (" + taskId + ", attempt " + attempt() + ") was executed on node "
                + node.id() + " is unknown: " + unknown.reason()
                + (retry.allowsAnother(1) ? "." : ". It is not tried again: it has no retry.");
        return unknown.timedOut()
                ? new TaskTimeoutException(message, taskId, node.id(), null)
                : new TaskOutcomeUnknownException(message, taskId, node.id(), null);
    }

    /** Once: the exception is the application's, and could be one and the same object for ever. */
    private static void suppress(Throwable shown, HaException behind) {
        if (Arrays.stream(shown.getSuppressed()).noneMatch(HaException.class::isInstance)) {
            shown.addSuppressed(behind);
        }
    }

    /** Nobody takes the attempt. What became of an earlier one matters more to the caller than this. */
    private Step finish(HaException error) {
        Throwable shown = error;
        if (lastError != null) {
            suppress(lastError, error);
            shown = lastError;
        }
        Step last = new Step.Throw(shown);
        end(last, lastEnding, shown);
        return last;
    }
}
