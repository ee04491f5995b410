package org.hatask.zookeeper;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.OpResult.GetDataResult;
import org.apache.zookeeper.OpResult.SetDataResult;
import org.apache.zookeeper.Watcher;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.MastershipListener;
import org.hatask.cluster.Node;
import org.hatask.zookeeper.Candidacy.Entitlement;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes, holds, renews and loses the mastership, whoever the {@link Candidacy} says is entitled to it: rule 1 of DESIGN.md
 * §4. The thread {@code ha-election} owns the state and does all the work, without ever waiting for ZooKeeper; what other
 * threads may ask is volatile.
 *
 * <p>The mastership is held while three things are true: the transaction that made this node master was committed; the
 * connection has not been interrupted, or a write sent after the interruption has moved the lease on; and the lease has not
 * ended. When the connection breaks nothing is held at once, but the loss is only told at the end of the lease: until then
 * nobody else can be master. Was the process stopped longer than its lease, then the first question after it wakes is
 * answered with no.
 *
 * <p>A lease that has ended without the loss of the session (acknowledgements that came late, a short pause) is told as lost.
 * Should later writes prove that the session has lived and {@code /master} and {@code /epoch} stand as this node wrote them,
 * then nobody else was master meanwhile, and the same epoch is gained once more.
 */
final class MastershipHolder implements Mastership {

    private static final Logger log = LoggerFactory.getLogger(MastershipHolder.class);
    private static final int MAX_HISTORY = 50;
    private static final int MAX_PENDING_RENEWALS = 3;
    private static final int RENEWALS_PER_SESSION = 12;
    private static final int TICKS_PER_WARM_WRITE = 3;

    /** Of a candidate that will not lead soon, which only has to notice that its node is gone. */
    private static final int TICKS_PER_FAR_WRITE = 60;

    /** So many candidates, the master among them, are ready to lead at once. */
    static final int WARM = 8;

    private static final Duration RESIGN_WAIT = Duration.ofSeconds(4);
    private static final Duration RELEASE_WAIT = Duration.ofSeconds(3);
    private static final Duration RELEASE_WAIT_UNCONNECTED = Duration.ofSeconds(1);

    /** Operations of one transaction that raises the epoch of a ZooKeeper that came back empty. */
    private static final int MAX_RAISE = 500;

    /** A record that is nobody's is taken away after so many sessions: until then its author may be a master all the same. */
    private static final int STRAY_SESSIONS = 2;

    private final ZooKeeperClients clients;
    private final Connection connection;
    private final Paths paths;
    private final String cluster;
    private final ClusterState state;
    private final MastershipListener listener;
    private final Clock clock;
    private final Worker worker = new Worker("ha-election");
    private final LongSupplier nanoTime;
    private final MasterLease lease;
    private final CuratorCache cache;

    /** How often the connection was interrupted; written by Curator's connection thread. */
    private final AtomicInteger interruptions = new AtomicInteger(1);

    // Written by the worker, read by all.
    private volatile int provedInterruptions;
    private volatile @Nullable Term term;
    private volatile List<MasterChange> history = List.of();

    // All below belongs to the worker.
    private @Nullable Candidacy candidacy;
    private @Nullable Session session;
    private @Nullable Entitlement entitlement;
    private boolean cacheStarted;
    private boolean cacheFilled;
    private boolean layoutReady;
    private boolean closed;
    private boolean taking;
    private boolean told;
    private boolean leaseTimerSet;
    private int pendingRenewals;
    private long relinquishedEpoch;
    private long ticks;
    private boolean reconsiderQueued;
    private @Nullable String resignCause;
    private final CompletableFuture<Void> resigned = new CompletableFuture<>();
    private @Nullable Term handingOver;
    private @Nullable Term releasing;
    private @Nullable String releaseCause;
    private @Nullable Stray stray;

    /**
     * A record of a master that is none's, standing in the way.
     *
     * @param revision its {@code mzxid}
     * @param epoch version of the epoch when it was first seen
     * @param sinceNanos when that was
     */
    private record Stray(long revision, int epoch, long sinceNanos) {}

    /**
     * A mastership that was committed.
     *
     * @param epoch its epoch, the version of {@code /epoch}
     * @param session the session that owns {@code /master}
     * @param entitlement what it rests on
     */
    private record Term(long epoch, Session session, Entitlement entitlement) {}

    MastershipHolder(
            ZooKeeperClients clients,
            ClusterState state,
            MastershipListener listener,
            LongSupplier nanoTime,
            Clock clock) {
        this.clients = clients;
        this.connection = clients.election();
        this.paths = clients.paths();
        this.cluster = clients.settings().cluster();
        this.state = state;
        this.listener = listener;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.lease = new MasterLease(nanoTime, clients.settings().tickTime());
        this.cache = connection.cache(
                paths.master(),
                worker,
                () -> {
                    cacheFilled = true;
                    masterChanged();
                },
                this::masterChanged,
                CuratorCache.Options.SINGLE_NODE_CACHE);
        this.connection.addListener(new Connection.Listener() {
            @Override
            public void connected(Session session) {
                worker.execute(() -> onConnected(session));
            }

            @Override
            public void suspended() {
                interruptions.incrementAndGet();
            }

            @Override
            public void lost() {
                interruptions.incrementAndGet();
                worker.execute(() -> onSessionLost());
            }
        });
    }

    // ---- what others ask

    @Override
    public long heldEpoch() {
        Term current = term;
        // Asked twice: the proof must not be that of a later term, however long this thread was held up in between.
        return current != null && isWarm() && current == term ? current.epoch() : 0;
    }

    @Override
    public Duration left() {
        return heldEpoch() == 0 ? Duration.ZERO : lease.remaining();
    }

    /** Whether a mastership that was taken now would be held at once. */
    boolean isWarm() {
        return provedInterruptions == interruptions.get() && lease.holds();
    }

    List<MasterChange> history() {
        return history;
    }

    /**
     * @param whoIsEntitled how the master is chosen
     */
    void start(Candidacy whoIsEntitled) {
        worker.execute(() -> {
            if (started()) {
                return;
            }
            candidacy = whoIsEntitled;
            ticks = 1;
            state.addObserver(() -> worker.execute(this::reconsiderSoon));
            Session current = connection.session();
            if (current != null) {
                onConnected(current);
            }
            tick();
        });
    }

    void resign(String cause, Duration atMost) {
        worker.execute(() -> startToResign(cause));
        if (!worker.isCurrentThread()) {
            resigned.copy()
                    .completeOnTimeout(null, atMost.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        }
    }

    void giveBack(long epoch, String cause) {
        worker.execute(() -> {
            Term held = term;
            if (held != null && held.epoch() == epoch && candidacy != null) {
                candidacy.gaveBack();
                relinquish(held, cause);
            }
        });
    }

    void close() {
        resign("stop of " + state.view().self().id(), RESIGN_WAIT);
        worker.executeAndWait(
                () -> {
                    closed = true;
                    if (cacheStarted) {
                        cache.close();
                    }
                },
                Duration.ofSeconds(1));
        worker.close();
    }

    // ---- for the candidacy

    void execute(Runnable task) {
        worker.execute(task);
    }

    /** This node may be master: it becomes so as soon as nobody else is. */
    void entitled(Entitlement why) {
        entitlement = why;
        step();
    }

    /** It may not become master any more. A mastership that is held already stands until its guards fail. */
    void notEntitled() {
        entitlement = null;
    }

    /** Whether a mastership was taken, be its lease proved or not. */
    boolean isTerm() {
        return term != null;
    }

    /**
     * Hands the mastership over in order, if there is one: what runs under it ends first, and nothing new begins. Once begun it
     * is not taken back; if nobody else wants the mastership, this node takes it anew.
     */
    void handOver(String cause) {
        Term held = term;
        if (held != null && resignCause == null && !closed) {
            beginHandOver(held, cause);
        }
    }

    private void beginHandOver(Term held, String cause) {
        if (held.equals(handingOver)) {
            return;
        }
        handingOver = held;
        log.info(
                "[{}] {} hands its mastership of epoch {} over: {}",
                cluster,
                state.view().self().id(),
                held.epoch(),
                cause);
        CompletableFuture<?> quiet = CompletableFuture.completedFuture(null);
        if (told) {
            try {
                quiet = listener.handingOver(held.epoch(), cause);
            } catch (RuntimeException e) {
                log.error("[{}] a listener of the mastership failed; going on", cluster, e);
            }
        }
        quiet.whenCompleteAsync(
                (done, error) -> {
                    if (held.equals(term)) {
                        relinquish(held, cause);
                    }
                },
                worker);
    }

    // ---- the session

    private boolean started() {
        return ticks > 0;
    }

    private void onConnected(Session current) {
        if (!started() || closed) {
            return;
        }
        Session before = session;
        boolean isNew = before == null || !before.isSameAs(current);
        if (isNew) {
            onSessionLost();
            lease.restart(current.timeout());
        }
        session = current;
        pendingRenewals = 0;
        layoutReady = false;
        if (isNew || term == null) {
            prepare(current);
        } else {
            layoutReady = true;
            renew();
        }
        Term unreleased = releasing;
        if (unreleased != null) {
            release(unreleased);
        }
    }

    private void onSessionLost() {
        session = null;
        end("lost its session");
        if (candidacy != null) {
            candidacy.withdraw();
        }
        releaseDone(releasing);
    }

    private void prepare(Session current) {
        current.createMissing(paths.persistent(), clients::acl)
                .thenAcceptAsync(
                        safely(code -> {
                            if (code != Code.OK || session != current) {
                                return; // The next connection or the next tick tries again.
                            }
                            layoutReady = true;
                            if (!cacheStarted) {
                                cacheStarted = true;
                                cache.start();
                            }
                            warm();
                            if (candidacy != null && !candidacy.isStanding() && resignCause == null) {
                                candidacy.stand();
                            }
                            reconsiderSoon();
                            masterChanged();
                            step();
                        }),
                        worker);
    }

    /** Everything that could be missed or get lost is looked at again regularly. */
    private void tick() {
        if (closed) {
            return;
        }
        Session current = connected();
        if (current != null) {
            ticks++;
            if (!layoutReady) {
                prepare(current);
            } else if (term != null) {
                renew();
            } else if (candidacy != null && resignCause == null) {
                int ticksPerWrite = candidacy.mayLeadSoon() ? TICKS_PER_WARM_WRITE : TICKS_PER_FAR_WRITE;
                if (ticks % ticksPerWrite == 0 && candidacy.isStanding()) {
                    warm();
                }
                candidacy.check();
                candidacy.reconsider();
                step();
            }
            if (ticks % RENEWALS_PER_SESSION == 0) {
                masterChanged();
                reconsiderSoon();
            }
        }
        worker.schedule(period(), this::tick);
    }

    /** A change is often followed by another at once. */
    void reconsiderSoon() {
        if (!reconsiderQueued) {
            reconsiderQueued = true;
            worker.execute(() -> {
                reconsiderQueued = false;
                if (candidacy != null && layoutReady && !closed && resignCause == null && connected() != null) {
                    candidacy.reconsider();
                }
            });
        }
    }

    private Duration period() {
        Session current = session;
        Duration timeout = current == null ? clients.settings().sessionTimeout() : current.timeout();
        return timeout.dividedBy(RENEWALS_PER_SESSION);
    }

    /** The session this class works with, while it is connected. */
    private @Nullable Session connected() {
        Session now = connection.session();
        Session ours = session;
        return now != null && ours != null && now.isSameAs(ours) ? ours : null;
    }

    // ---- becoming master

    private void step() {
        Session current = connected();
        Entitlement why = entitlement;
        boolean free = !closed && !taking && resignCause == null && releasing == null && term == null;
        if (!free || current == null || !layoutReady || why == null) {
            return;
        }
        taking = true;
        // In the order of their use below.
        current.multi(List.of(
                        Op.getData(paths.epoch()),
                        Op.getData(paths.history()),
                        Op.getData(paths.lease()),
                        Op.getData(paths.master()),
                        Op.getChildren(paths.gone())))
                .thenAcceptAsync(safely(read -> decide(current, why, read)), worker);
    }

    /** Not now: the next event or the next tick leads to {@link #step()} again. */
    private void notTaken() {
        taking = false;
        if (resignCause != null) {
            finishResigning();
        }
    }

    /** An error in here must neither be swallowed by the future nor leave the election waiting for its answer. */
    private <T> Consumer<T> safely(Consumer<T> callback) {
        return value -> {
            try {
                callback.accept(value);
            } catch (RuntimeException e) {
                log.error("[{}] unexpected error in the election; going on", cluster, e);
                notTaken();
            }
        };
    }

    private void retake() {
        notTaken();
        step();
    }

    private void decide(Session current, Entitlement why, Reply read) {
        GetDataResult epoch = read.data(0);
        GetDataResult past = read.data(1);
        GetDataResult lastLease = read.data(2);
        GetDataResult master = read.data(3);
        if (epoch == null || past == null || lastLease == null) {
            if (read.errorOf(0) == Code.NONODE || read.errorOf(1) == Code.NONODE || read.errorOf(2) == Code.NONODE) {
                layoutReady = false;
            }
            notTaken();
        } else if (master != null) {
            masterStands(current, why, epoch, master);
        } else if (resignCause != null) {
            notTaken();
        } else if (epoch.getStat().getVersion() < state.view().lastEpoch()) {
            raise(current, epoch.getStat().getVersion());
        } else {
            take(current, why, epoch.getStat().getVersion(), past, lastLease, read.children(4));
        }
    }

    /**
     * Somebody is master: ourselves if an answer got lost or an older session of ours still lives, else another whose end is
     * waited for. A record that no master can have written is taken away.
     */
    private void masterStands(Session current, Entitlement why, GetDataResult epoch, GetDataResult master) {
        Optional<Master> record = Records.readMaster(master.getData());
        boolean ours = record.isPresent() && record.get().is(state.view().self());
        boolean ownSession = master.getStat().getEphemeralOwner() == current.id();
        if (ours && ownSession) {
            long number = record.get().epoch();
            if (number == epoch.getStat().getVersion() && number > relinquishedEpoch) {
                taken(new Term(number, current, why), record.get());
                return;
            }
        } else if (!ours && !ownSession && !isStrayForLong(epoch, master)) {
            notTaken();
            return;
        }
        if (!ours) {
            clients.oddRecords()
                    .report(
                            paths.master(),
                            master.getStat().getMzxid(),
                            "was written by no master of this cluster and is taken away");
        }
        // With the epoch, as the version of a record that was made anew meanwhile could be the same.
        current.multi(List.of(
                        Op.check(paths.epoch(), epoch.getStat().getVersion()),
                        Op.delete(paths.master(), master.getStat().getVersion())))
                .thenAcceptAsync(
                        safely(reply -> {
                            if (reply.isLost()) {
                                notTaken();
                            } else {
                                retake();
                            }
                        }),
                        worker);
    }

    /**
     * Whether this node has seen that record, which no master can have written, for longer than the lease of any master lasts
     * without an epoch and a record of its own.
     */
    private boolean isStrayForLong(GetDataResult epoch, GetDataResult master) {
        if (isGenuine(epoch, master)) {
            stray = null;
            return false;
        }
        long revision = master.getStat().getMzxid();
        int version = epoch.getStat().getVersion();
        Stray known = stray;
        long now = nanoTime.getAsLong();
        if (known == null || known.revision() != revision || known.epoch() != version) {
            stray = new Stray(revision, version, now);
            return false;
        }
        Duration patience = clients.settings().sessionTimeout().multipliedBy(STRAY_SESSIONS);
        return now - known.sinceNanos() > patience.toNanos();
    }

    /** A master's record is ephemeral, and it raised the epoch in the same transaction. */
    private static boolean isGenuine(GetDataResult epoch, GetDataResult master) {
        return master.getStat().getEphemeralOwner() != 0
                && epochOf(master) == epoch.getStat().getVersion();
    }

    /** ZooKeeper came back empty: epochs must go on from where they were, for every sink remembers them. */
    private void raise(Session current, int version) {
        long missing = state.view().lastEpoch() - version;
        log.warn(
                "[{}] ZooKeeper has lost the epochs: raising its {} to {} as remembered here",
                cluster,
                version,
                state.view().lastEpoch());
        List<Op> steps = new ArrayList<>();
        byte[] content = Records.write(
                new Records.Epoch(state.view().lastEpoch(), state.view().self().id()));
        for (int i = 0; i < Math.min(missing, MAX_RAISE); i++) {
            steps.add(Op.setData(paths.epoch(), content, version + i));
        }
        current.multi(steps)
                .thenAcceptAsync(
                        safely(reply -> {
                            if (reply.isOk() || reply.code() == Code.BADVERSION) {
                                retake();
                            } else {
                                notTaken();
                            }
                        }),
                        worker);
    }

    /** A master who does not know the epochs that this node has seen must not stay: raising the epoch deposes it. */
    private void outbid() {
        Session current = connected();
        if (current == null || candidacy == null || resignCause != null || taking) {
            return;
        }
        taking = true;
        current.multi(List.of(Op.getData(paths.epoch())))
                .thenAcceptAsync(
                        safely(reply -> {
                            GetDataResult epoch = reply.data(0);
                            if (epoch != null
                                    && epoch.getStat().getVersion()
                                            < state.view().lastEpoch()) {
                                raise(current, epoch.getStat().getVersion());
                            } else {
                                notTaken();
                            }
                        }),
                        worker);
    }

    private void take(
            Session current,
            Entitlement why,
            int version,
            GetDataResult past,
            GetDataResult lastLease,
            List<String> gone) {
        Node self = state.view().self();
        long epoch = version + 1L;
        Optional<Records.Lease> former = Records.readLease(lastLease.getData());
        String cause = former.map(last -> causeAfter(last, self, Deposition.witnesses(gone, last.epoch())))
                .orElse("first master");
        Master master = new Master(self.id(), self.incarnation(), epoch, clock.instant(), cause);
        MasterChange change = new MasterChange(epoch, self.id(), self.incarnation(), master.since(), cause, null);
        List<MasterChange> older = Records.readHistory(past.getData());

        List<Op> operations = new ArrayList<>(why.guards());
        int create = operations.size();
        operations.add(Op.create(paths.master(), Records.write(master), clients.acl(), CreateMode.EPHEMERAL));
        operations.add(Op.setData(paths.epoch(), Records.write(new Records.Epoch(epoch, self.id())), version));
        int historyVersion = past.getStat().getVersion();
        operations.add(Op.setData(paths.history(), Records.write(with(older, change)), historyVersion));
        operations.add(Op.setData(paths.lease(), leaseRecord(epoch, Records.LeaseState.HELD, null, why), -1));

        int interruption = interruptions.get();
        current.multi(operations)
                .thenAcceptAsync(
                        safely(reply -> {
                            if (reply.isOk()) {
                                acknowledged(current, reply, interruption);
                                taken(new Term(epoch, current, why), master);
                                if (former.isPresent()) {
                                    long mtime = lastLease.getStat().getMtime();
                                    completeHistory(current, older, change, historyVersion + 1, mtime, reply);
                                }
                            } else if (reply.isConnectionLoss()) {
                                // Perhaps it was done: what stands in /master tells after the reconnection.
                                notTaken();
                            } else if (reply.isSessionLoss()) {
                                notTaken();
                            } else if (reply.failedIndex() < create) {
                                notTaken();
                                standAnew("its entitlement is gone");
                            } else if (reply.code() == Code.NODEEXISTS) {
                                notTaken();
                            } else if (reply.code() == Code.BADVERSION) {
                                retake();
                            } else {
                                layoutReady = reply.code() != Code.NONODE;
                                log.warn("[{}] the mastership cannot be taken: {}", cluster, reply.code());
                                notTaken();
                            }
                        }),
                        worker);
    }

    private static String causeAfter(Records.Lease last, Node self, Set<String> witnesses) {
        if (last.state() == Records.LeaseState.RELEASED) {
            return "hand-over by " + last.nodeId() + (last.cause() == null ? "" : ": " + last.cause());
        }
        if (last.nodeId().equals(self.id())) {
            return last.incarnation().equals(self.incarnation())
                    ? last.nodeId() + " regained it after losing it"
                    : last.nodeId() + " was started anew";
        }
        return witnesses.isEmpty()
                ? last.nodeId() + " lost its session"
                : "the process of " + last.nodeId() + " is gone, as seen by " + String.join(" and ", witnesses);
    }

    private static List<MasterChange> with(List<MasterChange> older, MasterChange newest) {
        List<MasterChange> all = new ArrayList<>(older);
        all.add(newest);
        return all.subList(Math.max(0, all.size() - MAX_HISTORY), all.size());
    }

    private byte[] leaseRecord(
            long epoch, Records.LeaseState leaseState, @Nullable String cause, Entitlement entitledBy) {
        Node self = state.view().self();
        return Records.write(
                new Records.Lease(self.id(), self.incarnation(), epoch, leaseState, cause, entitledBy.watchedPath()));
    }

    /** ZooKeeper's time of the transaction is known only now. If this fails the history lacks a gap, nothing else. */
    private void completeHistory(
            Session current, List<MasterChange> older, MasterChange change, int version, long lastSign, Reply reply) {
        List<OpResult> results = reply.results();
        if (results.get(results.size() - 1) instanceof SetDataResult written) {
            Duration gap = Duration.ofMillis(Math.max(0, written.getStat().getMtime() - lastSign));
            MasterChange complete = new MasterChange(
                    change.epoch(), change.nodeId(), change.incarnation(), change.since(), change.cause(), gap);
            current.multi(List.of(Op.setData(paths.history(), Records.write(with(older, complete)), version)))
                    .thenRunAsync(this::readHistory, worker);
        }
    }

    private void taken(Term fresh, Master record) {
        if (session == null || !session.isSameAs(fresh.session())) {
            notTaken();
            return;
        }
        taking = false;
        term = fresh;
        if (resignCause != null) {
            finishResigning();
            return;
        }
        state.setMaster(record);
        watchGuard(fresh);
        tellIfGained();
        renew();
        if (heldEpoch() == 0) {
            // The first write that can be the second one of the proof.
            worker.schedule(clients.settings().tickTime().plusMillis(1), this::renew);
        }
    }

    private void watchGuard(Term held) {
        String path = held.entitlement().watchedPath();
        if (path != null) {
            held.session().watch(path, event -> {
                if (event.getType() == Watcher.Event.EventType.NodeDeleted) {
                    worker.execute(this::renew); // Whose answer says what happened.
                }
            });
        }
    }

    // ---- holding it

    private void renew() {
        Term held = term;
        Session current = connected();
        if (held == null || current == null || closed || pendingRenewals >= MAX_PENDING_RENEWALS) {
            return;
        }
        pendingRenewals++;
        List<Op> operations = new ArrayList<>(held.entitlement().keeps());
        int guards = operations.size();
        operations.add(Op.check(paths.master(), 0));
        // A /master of somebody else has version 0 as well, but nobody becomes master without raising the epoch.
        operations.add(Op.check(paths.epoch(), (int) held.epoch()));
        operations.add(Op.setData(
                paths.lease(), leaseRecord(held.epoch(), Records.LeaseState.HELD, null, held.entitlement()), -1));
        int interruption = interruptions.get();
        current.multi(operations)
                .thenAcceptAsync(
                        safely(reply -> {
                            pendingRenewals = Math.max(0, pendingRenewals - 1);
                            if (reply.isOk()) {
                                acknowledged(current, reply, interruption);
                            } else if (reply.isSessionLoss()) {
                                if (session == current) {
                                    onSessionLost();
                                }
                            } else if (term == held && isDeposition(reply)) {
                                deposed(held, current, reply.failedIndex() < guards);
                            }
                        }),
                        worker);
    }

    private static boolean isDeposition(Reply reply) {
        return reply.code() == Code.NONODE || reply.code() == Code.BADVERSION;
    }

    private void deposed(Term held, Session current, boolean guardFailed) {
        end(guardFailed ? "was deposed: its entitlement was deleted" : "was deposed: the record of the master is gone");
        removeOwnRecord(current);
        layoutReady = false;
        if (candidacy != null) {
            candidacy.deposed();
        }
        standAnew("it was deposed");
        prepare(current);
    }

    /** Nobody else can begin while our record stands. */
    private void removeOwnRecord(Session current) {
        current.multi(List.of(Op.getData(paths.master())))
                .thenAcceptAsync(
                        safely(reply -> {
                            GetDataResult found = reply.data(0);
                            if (found != null && term == null && isLeftover(found, current)) {
                                current.multi(List.of(Op.delete(
                                                paths.master(), found.getStat().getVersion())))
                                        .thenRunAsync(this::masterChanged, worker);
                            }
                        }),
                        worker);
    }

    /** Whether the record is a former one of this node, or says so in the session of somebody else. */
    private boolean isLeftover(GetDataResult master, Session current) {
        if (master.getStat().getEphemeralOwner() == current.id()) {
            return epochOf(master) <= relinquishedEpoch || isForsaken();
        }
        return !taking
                && Records.readMaster(master.getData())
                        .filter(record -> record.is(state.view().self()))
                        .isPresent();
    }

    /** A mastership that was won without this node's knowledge would not be taken up any more. */
    private boolean isForsaken() {
        return entitlement == null && !taking;
    }

    /** Zero where it cannot be read. */
    private static long epochOf(GetDataResult master) {
        return Records.readMaster(master.getData()).map(Master::epoch).orElse(0L);
    }

    private void standAnew(String why) {
        if (candidacy != null && resignCause == null && !closed) {
            log.info(
                    "[{}] {} stands for election anew: {}",
                    cluster,
                    state.view().self().id(),
                    why);
            candidacy.stand();
            reconsiderSoon();
        }
    }

    /** A candidate's proof that its session lives, so that as winner it need not wait for one. */
    private void warm() {
        Session current = connected();
        if (current == null || candidacy == null || resignCause != null || closed) {
            return;
        }
        List<Op> guards = candidacy.guards();
        List<Op> operations = guards.isEmpty() ? List.of(Op.check(paths.root(), -1)) : guards;
        int interruption = interruptions.get();
        current.multi(operations)
                .thenAcceptAsync(
                        safely(reply -> {
                            if (reply.isOk()) {
                                acknowledged(current, reply, interruption);
                            } else if (reply.code() == Code.NONODE && term == null && session == current) {
                                // The latch may have replaced its node itself meanwhile.
                                if (guards.isEmpty()) {
                                    layoutReady = false;
                                } else if (candidacy != null
                                        && candidacy.guards().equals(guards)) {
                                    standAnew("its node below " + paths.election() + " is gone");
                                }
                            }
                        }),
                        worker);
    }

    private void acknowledged(Session writer, Reply reply, int interruption) {
        if (session == null || !session.isSameAs(writer)) {
            return;
        }
        tellIfEnded();
        if (lease.acknowledged(reply.sentNanos(), reply.ackedNanos())) {
            provedInterruptions = Math.max(provedInterruptions, interruption);
        }
        tellIfGained();
    }

    // ---- telling it

    private void tellIfGained() {
        Term held = term;
        if (held == null || told || held.equals(handingOver) || heldEpoch() != held.epoch()) {
            return;
        }
        told = true;
        setLeaseTimer();
        tell(() -> listener.gained(held.epoch()));
    }

    private void tellIfEnded() {
        Term held = term;
        if (held != null && told && !lease.holds()) {
            told = false;
            log.warn(
                    "[{}] {} holds the mastership of epoch {} no more: its lease ended before it could be renewed",
                    cluster,
                    state.view().self().id(),
                    held.epoch());
            tell(() -> listener.lost(held.epoch(), "its lease ended before it could be renewed"));
        }
    }

    private void setLeaseTimer() {
        if (!leaseTimerSet) {
            leaseTimerSet = true;
            worker.schedule(lease.remaining(), () -> {
                leaseTimerSet = false;
                tellIfEnded();
                if (told) {
                    setLeaseTimer();
                }
            });
        }
    }

    /** The term is over for good: its epoch never comes back on this node. */
    private void end(String cause) {
        Term ended = term;
        if (ended == null) {
            return;
        }
        term = null;
        handingOver = null;
        relinquishedEpoch = Math.max(relinquishedEpoch, ended.epoch());
        log.debug(
                "[{}] {} is no longer master in epoch {}: {}",
                cluster,
                state.view().self().id(),
                ended.epoch(),
                cause);
        if (told) {
            told = false;
            tell(() -> listener.lost(ended.epoch(), cause));
        }
    }

    private void tell(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            log.error("[{}] a listener of the mastership failed; going on", cluster, e);
        }
    }

    // ---- giving it up

    private void startToResign(String cause) {
        if (resignCause != null) {
            return;
        }
        resignCause = cause;
        if (!taking) {
            finishResigning();
        }
        // Else the answer of the transaction leads there.
    }

    private void finishResigning() {
        if (releasing != null) {
            return;
        }
        Term held = term;
        if (held == null) {
            resigned();
            return;
        }
        beginHandOver(held, resignCause == null ? "resigned" : resignCause);
    }

    private void relinquish(Term held, String cause) {
        end(cause);
        releasing = held;
        releaseCause = cause;
        // Without a connection the session ends soon enough by itself: do not hold up the stop for it.
        worker.schedule(connected() == null ? RELEASE_WAIT_UNCONNECTED : RELEASE_WAIT, () -> releaseDone(held));
        release(held);
    }

    /** All in one: others see the latch free and the record gone at the same moment. */
    private void release(Term held) {
        release(held, held.entitlement().releases());
    }

    private void release(Term held, List<Op> releases) {
        Session current = connected();
        if (current == null || !current.isSameAs(held.session())) {
            return; // The next connection tries again, or the session ends.
        }
        List<Op> operations = new ArrayList<>();
        operations.add(Op.check(paths.epoch(), (int) held.epoch()));
        operations.add(Op.setData(
                paths.lease(),
                leaseRecord(held.epoch(), Records.LeaseState.RELEASED, releaseCause, held.entitlement()),
                -1));
        operations.add(Op.delete(paths.master(), 0));
        operations.addAll(releases);
        current.multi(operations)
                .thenAcceptAsync(
                        safely(reply -> {
                            if (reply.code() == Code.NONODE && reply.failedIndex() > 2) {
                                release(held, List.of());
                            } else if (!reply.isConnectionLoss()) {
                                releaseDone(held);
                            }
                        }),
                        worker);
    }

    private void releaseDone(@Nullable Term released) {
        if (released == null || !released.equals(releasing)) {
            return;
        }
        releasing = null;
        if (resignCause != null) {
            resigned();
        } else if (candidacy != null && !closed && connected() != null) {
            candidacy.stand();
            candidacy.reconsider();
        }
    }

    private void resigned() {
        if (candidacy != null) {
            candidacy.withdraw();
        }
        Session current = connected();
        if (current != null) {
            removeOwnRecord(current); // One that was won and whose answer got lost.
        }
        resigned.complete(null);
    }

    // ---- watching it

    /** The record of the master is another one, or may be. */
    private void masterChanged() {
        if (closed || !cacheFilled || connected() == null) {
            return;
        }
        Optional<ChildData> data = cache.get(paths.master());
        Optional<Master> master = data.flatMap(found -> Records.readMaster(found.getData()));
        Term held = term;
        if (held != null
                && master.filter(found -> found.epoch() == held.epoch()).isEmpty()) {
            // Either the cache is late or we are deposed: the answer to a renewal knows.
            renew();
        } else if (master.isPresent() && master.get().equals(state.view().master())) {
            removeLeftover(master.get());
        } else if (master.isPresent() && held == null) {
            judge(data.get());
        } else if (held == null) {
            data.ifPresent(found -> clients.oddRecords()
                    .report(paths.master(), found.getStat().getMzxid(), "is no record of a master and is ignored"));
            state.setMaster(null);
        }
        if (held != null
                && data.filter(found -> found.getStat().getEphemeralOwner()
                                != held.session().id())
                        .isPresent()) {
            lookForStranger(held);
        }
        readHistoryIfIncomplete();
        if (data.isEmpty()) {
            step();
        }
    }

    /** A renewal does not see whose the record is: one that was put in the place of ours is as new and fits the epoch. */
    private void lookForStranger(Term held) {
        held.session()
                .multi(List.of(Op.getData(paths.master())))
                .thenAcceptAsync(
                        safely(reply -> {
                            GetDataResult found = reply.data(0);
                            Session current = connected();
                            if (found != null
                                    && current != null
                                    && held.equals(term)
                                    && found.getStat().getEphemeralOwner() != current.id()) {
                                deposed(held, current, false);
                            }
                        }),
                        worker);
    }

    /** A new master, by the record that the cache has: is it one? */
    private void judge(ChildData seen) {
        Session current = connected();
        if (current == null) {
            return;
        }
        current.multi(List.of(Op.getData(paths.epoch()), Op.getData(paths.master())))
                .thenAcceptAsync(
                        safely(reply -> {
                            GetDataResult epoch = reply.data(0);
                            GetDataResult found = reply.data(1);
                            // Another revision: the cache will tell of it, too.
                            if (epoch != null
                                    && found != null
                                    && found.getStat().getMzxid()
                                            == seen.getStat().getMzxid()
                                    && term == null
                                    && !closed) {
                                judged(epoch, found);
                            }
                        }),
                        worker);
    }

    private void judged(GetDataResult epoch, GetDataResult found) {
        Optional<Master> master = Records.readMaster(found.getData()).filter(record -> isGenuine(epoch, found));
        long lastEpoch = state.view().lastEpoch();
        if (master.isEmpty()) {
            clients.oddRecords()
                    .report(
                            paths.master(),
                            found.getStat().getMzxid(),
                            "is no record of the master of epoch "
                                    + epoch.getStat().getVersion() + " and is ignored");
            state.setMaster(null);
        } else if (master.get().epoch() < lastEpoch) {
            clients.oddRecords()
                    .report(
                            paths.master(),
                            found.getStat().getMzxid(),
                            "names master " + master.get().nodeId() + " of epoch "
                                    + master.get().epoch() + ", but epoch " + lastEpoch
                                    + " was already seen: it is ignored");
            outbid();
        } else {
            state.setMaster(master.get());
            readHistoryIfIncomplete();
            removeLeftover(master.get());
        }
    }

    private void removeLeftover(Master master) {
        Session current = connected();
        boolean relinquished = term == null && releasing == null && !taking;
        if (relinquished && current != null && master.is(state.view().self())) {
            removeOwnRecord(current); // The answer to its removal, or to its creation, got lost.
        }
    }

    /** It is long, and all read it. The gap of a change is written a moment after the change; the first has none. */
    private void readHistoryIfIncomplete() {
        List<MasterChange> known = history;
        MasterChange newest = known.isEmpty() ? null : known.get(known.size() - 1);
        boolean complete = newest != null
                && newest.epoch() == state.view().lastEpoch()
                && (newest.gap() != null || known.size() == 1);
        if (!complete) {
            readHistory();
        }
    }

    private void readHistory() {
        Session current = connected();
        if (current != null && !closed) {
            current.multi(List.of(Op.getData(paths.history())))
                    .thenAcceptAsync(
                            safely(reply -> {
                                GetDataResult found = reply.data(0);
                                if (found != null) {
                                    history = List.copyOf(Records.readHistory(found.getData()));
                                }
                            }),
                            worker);
        }
    }
}
