package org.hatask.zookeeper;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult.GetDataResult;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.ClusterView;
import org.hatask.cluster.OneLine;
import org.hatask.cluster.Operations;
import org.hatask.cluster.OperatorAction;
import org.hatask.cluster.OperatorAction.Kind;
import org.hatask.cluster.OperatorAction.Result;
import org.hatask.cluster.Orders;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commands of operators as compare-and-set on {@code /assigned}. The node that receives a command only writes it down, in one
 * transaction that also checks that nobody became master meanwhile; the nodes it speaks of bring it about, and the node that
 * is master in the end notes the result. So it does not matter whether the receiving node lives on.
 *
 * <p>The thread {@code ha-operations} does the work; nothing waits on it.
 */
public final class ZooKeeperOperations implements Operations, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ZooKeeperOperations.class);
    private static final int MAX_TRIES = 20;
    private static final int MAX_NAME = 200;
    private static final int MAX_TEXT = 1000;
    private static final Duration PAUSE = Duration.ofMillis(250);
    private static final Duration GIVE_UP = Duration.ofSeconds(15);

    private final ZooKeeperClients clients;
    private final Paths paths;
    private final ClusterState state;
    private final OrderRules rules;
    private final Duration patience;
    private final Clock clock;
    private final Worker worker = new Worker("ha-operations");

    /**
     * @param operated whether the operator alone decides who is master
     * @param patience how long an order waits to be brought about before it answers that it is under way
     */
    public ZooKeeperOperations(ZooKeeperClients clients, ClusterState state, boolean operated, Duration patience) {
        this.clients = clients;
        this.paths = clients.paths();
        this.state = state;
        this.rules = new OrderRules(operated);
        this.patience = patience;
        this.clock = Clock.systemUTC();
    }

    @Override
    public CompletableFuture<OperatorAction> order(Command asGiven) {
        // It goes into the log, and into a record that others read.
        String reason = asGiven.why();
        Command command = new Command(
                asGiven.kind(),
                OneLine.of(asGiven.node(), MAX_NAME),
                asGiven.epoch(),
                OneLine.of(asGiven.by(), MAX_NAME),
                reason == null ? null : OneLine.of(reason, MAX_TEXT));
        OperatorAction action = new OperatorAction(
                UUID.randomUUID().toString(),
                command.kind(),
                command.node(),
                command.by(),
                command.why(),
                state.view().self().id(),
                clock.instant(),
                Result.UNDER_WAY,
                null,
                null);
        log.info(
                "[{}] {} orders to {} {}{}",
                clients.settings().cluster(),
                command.by(),
                action.kind(),
                action.node(),
                command.why() == null ? "" : ": " + command.why());
        CompletableFuture<OperatorAction> answer = new CompletableFuture<>();
        worker.execute(() -> tryOrder(command, action, MAX_TRIES, answer));
        // In any case there is an answer, also from a node that stops meanwhile.
        answer.completeOnTimeout(
                action.ended(
                        Result.FAILED,
                        "This node could not find out what became of it: look at /actuator/ha of another one.",
                        clock.instant()),
                patience.plus(GIVE_UP).toMillis(),
                TimeUnit.MILLISECONDS);
        return answer.thenApply(ended -> {
            log.info(
                    "[{}] {} of {}: {}{}",
                    clients.settings().cluster(),
                    ended.kind(),
                    ended.node(),
                    ended.result(),
                    ended.message() == null ? "" : ", " + ended.message());
            return ended;
        });
    }

    /** What a decision rests on. */
    private record Read(Orders orders, long epoch) {}

    private CompletableFuture<@Nullable Read> read(Session session) {
        return session.multi(List.of(Op.getData(paths.assigned()), Op.getData(paths.epoch())))
                .thenApplyAsync(
                        reply -> {
                            GetDataResult orders = reply.data(0);
                            GetDataResult epoch = reply.data(1);
                            if (orders == null || epoch == null) {
                                return null;
                            }
                            // What cannot be read is replaced by what this node remembers.
                            Orders known = Records.readOrders(orders.getData())
                                    .orElseGet(() -> state.view().orders());
                            return new Read(
                                    known.withVersion(orders.getStat().getVersion()),
                                    epoch.getStat().getVersion());
                        },
                        worker);
    }

    private void tryOrder(Command command, OperatorAction action, int tries, CompletableFuture<OperatorAction> answer) {
        Session session = clients.membership().session();
        boolean ready = session != null && state.view().isJoined();
        if (!ready && tries < MAX_TRIES) {
            again(
                    command, action, tries,
                    answer); // An answer got lost with the connection: perhaps the order is written.
            return;
        }
        if (session == null || !ready) {
            answer.complete(action.ended(
                    Result.REFUSED,
                    "This node is not connected to ZooKeeper or no member. Nothing was changed; ask another node.",
                    clock.instant()));
            return;
        }
        read(session)
                .thenAcceptAsync(
                        read -> {
                            if (read == null) {
                                again(command, action, tries, answer);
                            } else {
                                decide(session, command, action, tries, answer, read);
                            }
                        },
                        worker)
                .exceptionally(e -> unexpected(action, answer, e));
    }

    private @Nullable Void unexpected(
            OperatorAction action, CompletableFuture<OperatorAction> answer, Throwable error) {
        log.error(
                "[{}] unexpected error in a command of an operator",
                clients.settings().cluster(),
                error);
        answer.complete(action.ended(Result.FAILED, "Internal error, see the log of this node.", clock.instant()));
        return null;
    }

    private void again(Command command, OperatorAction action, int tries, CompletableFuture<OperatorAction> answer) {
        if (tries <= 1) {
            answer.complete(action.ended(
                    Result.FAILED,
                    "ZooKeeper did not answer. Whether the order was written is unknown: look at /actuator/ha.",
                    clock.instant()));
        } else {
            worker.schedule(PAUSE, () -> tryOrder(command, action, tries - 1, answer));
        }
    }

    private void decide(
            Session session,
            Command command,
            OperatorAction action,
            int tries,
            CompletableFuture<OperatorAction> answer,
            Read read) {
        if (read.orders().action(action.id()).isPresent()) {
            awaitEnd(action, answer); // Written by an attempt whose answer got lost.
            return;
        }
        ClusterView view = state.view();
        Optional<String> refusal = rules.refusal(command, view, read.orders(), read.epoch(), clock.instant());
        if (refusal.isPresent()) {
            refuse(action, refusal.get(), answer);
            return;
        }
        OperatorAction written = rules.isDoneByItself(command, view)
                ? action.ended(Result.DONE, "The order is in force.", clock.instant())
                : action;
        Orders next = superseding(rules.apply(command, view, read.orders(), written, clock.instant()), written);
        List<Op> operations = new ArrayList<>();
        operations.add(Op.check(paths.epoch(), (int) read.epoch()));
        if (command.kind() == Kind.PROMOTE) {
            operations.add(Op.check(paths.member(command.node()), -1));
        }
        operations.add(OrdersWatch.write(paths.assigned(), next));
        session.multi(operations)
                .thenAcceptAsync(
                        reply -> {
                            if (reply.isOk()) {
                                awaitEnd(written, answer);
                            } else if (reply.code() == Code.BADVERSION || reply.code() == Code.NONODE) {
                                changedMeanwhile(session, command, action, tries, answer, read);
                            } else if (reply.isConnectionLoss()) {
                                again(command, action, tries, answer);
                            } else {
                                answer.complete(action.ended(
                                        Result.REFUSED,
                                        "ZooKeeper does not take the order (" + reply.code()
                                                + "). Nothing was changed.",
                                        clock.instant()));
                            }
                        },
                        worker)
                .exceptionally(e -> unexpected(action, answer, e));
    }

    /** Notes that were made in the same record do no harm; another order or another master does. */
    private void changedMeanwhile(
            Session session,
            Command command,
            OperatorAction action,
            int tries,
            CompletableFuture<OperatorAction> answer,
            Read before) {
        read(session)
                .thenAcceptAsync(
                        now -> {
                            boolean same = now != null
                                    && now.epoch() == before.epoch()
                                    && now.orders().meansTheSameAs(before.orders())
                                    && (command.kind() != Kind.PROMOTE
                                            || state.view()
                                                    .member(command.node())
                                                    .isPresent());
                            if (same && tries > 1) {
                                tryOrder(command, action, tries - 1, answer);
                            } else {
                                refuse(
                                        action,
                                        "Another order, another master or the end of the node came in the same moment. Nothing"
                                                + " was changed; look at /actuator/ha before you repeat it.",
                                        answer);
                            }
                        },
                        worker)
                .exceptionally(e -> unexpected(action, answer, e));
    }

    /** An order that another one replaces will not be brought about any more. */
    private Orders superseding(Orders orders, OperatorAction by) {
        if (by.kind() != Kind.PROMOTE && by.kind() != Kind.DEMOTE) {
            return orders;
        }
        Orders next = orders;
        for (OperatorAction earlier : orders.actions()) {
            boolean replaced = earlier.result() == Result.UNDER_WAY
                    && !earlier.id().equals(by.id())
                    && (earlier.kind() == Kind.PROMOTE || earlier.kind() == Kind.DEMOTE);
            if (replaced) {
                next = next.with(
                        earlier.ended(Result.FAILED, "Replaced by a later order of " + by.by() + ".", clock.instant()));
            }
        }
        return next;
    }

    private void refuse(OperatorAction action, String why, CompletableFuture<OperatorAction> answer) {
        OperatorAction refused = action.ended(Result.REFUSED, why, clock.instant());
        note(orders -> orders.with(refused), MAX_TRIES);
        answer.complete(refused);
    }

    /** Waits, without a thread, until the record says what became of it. */
    private void awaitEnd(OperatorAction action, CompletableFuture<OperatorAction> answer) {
        if (action.result() != Result.UNDER_WAY) {
            answer.complete(action);
            return;
        }
        OperatorAction stillUnderWay = new OperatorAction(
                action.id(),
                action.kind(),
                action.node(),
                action.by(),
                action.why(),
                action.via(),
                action.at(),
                Result.UNDER_WAY,
                "It is ordered and goes on; /actuator/ha/history tells how it ends.",
                null);
        answer.completeOnTimeout(stillUnderWay, patience.toMillis(), TimeUnit.MILLISECONDS);
        lookForEnd(action.id(), answer);
    }

    private void lookForEnd(String id, CompletableFuture<OperatorAction> answer) {
        ClusterView view = state.view();
        Optional<OperatorAction> ended = view.orders().action(id).filter(action -> action.result() != Result.UNDER_WAY);
        if (ended.isPresent()) {
            answer.complete(ended.get());
        } else if (!answer.isDone()) {
            view.changed().thenRunAsync(() -> lookForEnd(id, answer), worker);
        }
    }

    // ---- what the nodes note that bring it about

    @Override
    public void masterTookUp(long epoch) {
        String self = state.view().self().id();
        String result = self + " is master of epoch " + epoch + ".";
        noteEnds(action -> action.kind() == Kind.PROMOTE
                        && state.view().member(action.node()).isEmpty()
                ? action.ended(Result.FAILED, action.node() + " has left; " + result, clock.instant())
                : action.kind() == Kind.PROMOTE && action.node().equals(self)
                                || (action.kind() == Kind.DEMOTE || action.kind() == Kind.DRAIN)
                                        && !action.node().equals(self)
                        ? action.ended(Result.DONE, result, clock.instant())
                        : action);
    }

    @Override
    public void masterLaidDown() {
        String self = state.view().self().id();
        if (rules.operated()) {
            noteEnds(action -> action.kind() == Kind.DEMOTE && action.node().equals(self)
                    ? action.ended(Result.DONE, "Nobody is master until an operator promotes a node.", clock.instant())
                    : action);
        }
    }

    private void noteEnds(UnaryOperator<OperatorAction> end) {
        note(
                orders -> {
                    Orders next = orders;
                    for (OperatorAction action : orders.actions()) {
                        if (action.result() == Result.UNDER_WAY) {
                            next = next.with(end.apply(action));
                        }
                    }
                    return next;
                },
                MAX_TRIES);
    }

    @Override
    public void masterFailed(String problem) {
        String reason = OneLine.of(problem, MAX_TEXT);
        String self = state.view().self().id();
        note(
                orders -> {
                    Orders.Appointment failed = orders.appointment();
                    if (failed == null || !self.equals(failed.nodeId())) {
                        return orders;
                    }
                    Orders next = orders;
                    String previous = failed.previous();
                    boolean back = previous != null && !previous.equals(self);
                    if (back) {
                        next = next.withAppointment(new Orders.Appointment(
                                previous,
                                null,
                                null,
                                null,
                                null,
                                null,
                                clock.instant(),
                                "failed promotion of " + self));
                    } else {
                        next = next.withAppointment(failed.failedBy(state.view().self(), reason));
                    }
                    String message = self + " could not take up its duties and is on standby again: " + reason
                            + (back ? " " + previous + " is appointed as before." : "");
                    String actionId = failed.actionId();
                    return actionId == null
                            ? next
                            : orders.action(actionId)
                                    .map(action -> action.ended(Result.FAILED, message, clock.instant()))
                                    .map(next::with)
                                    .orElse(next);
                },
                MAX_TRIES);
    }

    /** Changes the record as it is by then. What cannot be noted is lost with a line in the log. */
    private void note(UnaryOperator<Orders> change, int tries) {
        worker.execute(() -> {
            Session session = clients.membership().session();
            if (session == null) {
                noteLater(change, tries);
                return;
            }
            read(session)
                    .thenAcceptAsync(
                            read -> {
                                Orders next = read == null ? null : change.apply(read.orders());
                                if (read == null || next == null) {
                                    noteLater(change, tries);
                                } else if (!next.equals(read.orders())) {
                                    write(session, change, tries, next);
                                }
                            },
                            worker)
                    .exceptionally(e -> {
                        log.error(
                                "[{}] the result of an operator's command could not be noted and does not show at the endpoint",
                                clients.settings().cluster(),
                                e);
                        return null;
                    });
        });
    }

    private void write(Session session, UnaryOperator<Orders> change, int tries, Orders next) {
        session.multi(List.of(OrdersWatch.write(paths.assigned(), next)))
                .thenAcceptAsync(
                        reply -> {
                            if (reply.code() == Code.BADVERSION && tries > 1) {
                                note(change, tries - 1);
                            } else if (!reply.isOk()) {
                                noteLater(change, tries);
                            }
                        },
                        worker);
    }

    private void noteLater(UnaryOperator<Orders> change, int tries) {
        if (tries <= 1) {
            log.warn(
                    "[{}] the result of an order could not be noted in {}",
                    clients.settings().cluster(),
                    paths.assigned());
        } else {
            worker.schedule(PAUSE, () -> note(change, tries - 1));
        }
    }

    @Override
    public void close() {
        worker.close();
    }
}
