package org.hatask.zookeeper;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult.GetDataResult;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Membership;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The members as ephemeral nodes below {@code /members}. The thread {@code ha-membership} owns the state, writes the own
 * record and the {@link ClusterState}; Curator's threads only hand over to it.
 *
 * <p>While ZooKeeper is away the last known members stand. After it is back, a member that is missing is believed to be gone
 * only one session timeout later, since the others have to find their way back too; over a connection that was never
 * interrupted it is believed at once. When this process is killed or paused, its record goes with its session; continued, it
 * joins again by itself.
 */
public final class ZooKeeperMembership implements Membership {

    private static final Logger log = LoggerFactory.getLogger(ZooKeeperMembership.class);
    private static final Duration LEAVE_WAIT = Duration.ofSeconds(3);
    private static final String PROBLEM = "membership";

    private final ZooKeeperClients clients;
    private final Connection connection;
    private final Paths paths;
    private final ClusterState state;
    private final LongSupplier nanoTime;
    private final String cluster;
    private final Worker worker = new Worker("ha-membership");
    private final CuratorCache cache;
    private final OrdersWatch orders;
    private final OpenNodes openNodes;

    /** Set by Curator's connection thread before anything that happens on the new connection can be seen. */
    private volatile boolean interrupted = true;

    private volatile boolean leaving;
    private final CompletableFuture<Void> left = new CompletableFuture<>();

    // All below belongs to the worker.
    private boolean started;
    private boolean closed;
    private boolean cacheFilled;
    private boolean everConnected;
    private boolean inGrace;
    private long graceEnd;
    private boolean syncing;
    private boolean syncAgain;
    private boolean recomputeQueued;
    private boolean joined;
    private boolean everJoined;
    private @Nullable Session session;
    private @Nullable String refusedFor;

    public ZooKeeperMembership(ZooKeeperClients clients, ClusterState state) {
        this(clients, state, System::nanoTime);
    }

    ZooKeeperMembership(ZooKeeperClients clients, ClusterState state, LongSupplier nanoTime) {
        this.clients = clients;
        this.connection = clients.membership();
        this.paths = clients.paths();
        this.cluster = clients.settings().cluster();
        this.state = state;
        this.nanoTime = nanoTime;
        String id = state.view().self().id();
        if (id.isBlank() || id.contains("/") || id.equals(".") || id.equals("..")) {
            throw new IllegalArgumentException(
                    "ha.node.id is '" + id + "': it must be a name that is not empty and has no slash");
        }
        this.cache = connection.cache(
                paths.members(),
                worker,
                () -> {
                    cacheFilled = true;
                    recompute();
                },
                this::recomputeSoon);
        this.orders = new OrdersWatch(clients, worker, this::recomputeSoon);
        this.openNodes = new OpenNodes(clients, worker);
        this.connection.addListener(new Connection.Listener() {
            @Override
            public void connected(Session session) {
                worker.execute(() -> onConnected(session));
            }

            @Override
            public void suspended() {
                interrupted = true;
            }

            @Override
            public void lost() {
                interrupted = true;
            }
        });
    }

    @Override
    public void start() {
        worker.execute(() -> {
            if (started) {
                return;
            }
            started = true;
            Session current = connection.session();
            if (current != null) {
                onConnected(current);
            }
        });
        worker.schedule(clients.settings().sessionTimeout(), this::tick);
    }

    /** A read that got lost between two interruptions, or a refused write, must not stay so. */
    private void tick() {
        orders.check();
        recompute();
        syncOwn();
        worker.schedule(clients.settings().sessionTimeout(), this::tick);
    }

    private void onConnected(Session current) {
        if (!started || closed) {
            return;
        }
        if (session == null || !session.isSameAs(current)) {
            joined = false;
        }
        session = current;
        if (everConnected) {
            inGrace = true;
            graceEnd = nanoTime.getAsLong() + current.timeout().toNanos();
            worker.schedule(current.timeout(), this::recompute);
        }
        interrupted = false;
        if (connection.session() != current) {
            interrupted = true; // Again, before this connection was looked at; the session goes first.
        }
        current.createMissing(paths.persistent(), clients::acl)
                .thenAcceptAsync(
                        code -> {
                            reportAccess(code);
                            if (!everConnected && code == Code.OK) {
                                everConnected = true;
                                cache.start();
                                orders.start();
                            }
                            openNodes.check(current);
                            syncOwn();
                        },
                        worker);
    }

    private void reportAccess(Code code) {
        if (code == Code.NOAUTH || code == Code.AUTHFAILED || code == Code.INVALIDACL) {
            String text = "ZooKeeper refuses access below " + paths.root() + " (" + code
                    + "): check ha.zookeeper.auth against the ACLs of the existing nodes";
            if (clients.problem("access", text)) {
                log.warn("[{}] {}", cluster, text);
            }
        } else if (code == Code.OK) {
            clients.problem("access", null);
        }
    }

    @Override
    public void selfChanged() {
        worker.execute(this::syncOwn);
    }

    /** One at a time: a change that comes meanwhile is looked at afterwards. */
    private void syncOwn() {
        Session current = connection.session();
        if (!started || closed || leaving || current == null || !everConnected) {
            return;
        }
        if (syncing) {
            syncAgain = true;
            return;
        }
        syncing = true;
        syncAgain = false;
        Node self = state.view().self().undrained();
        String path = paths.member(self.id());
        current.multi(List.of(Op.getData(path)))
                .thenComposeAsync(reply -> bringAbout(current, self, path, reply), worker)
                .thenAcceptAsync(this::synced, worker)
                .exceptionally(e -> {
                    log.error(
                            "[{}] this node's member record could not be written, which is tried again: until then others may not see it as it is",
                            cluster,
                            e);
                    worker.execute(() -> synced(Result.WAIT));
                    return null;
                });
    }

    /** How one attempt to bring the own record about ended. */
    private enum Result {
        DONE,
        /** Try again now. */
        AGAIN,
        /** Try again when something changes, or at the next tick. */
        WAIT
    }

    private void synced(Result result) {
        syncing = false;
        if (syncAgain || result == Result.AGAIN) {
            syncOwn();
        }
    }

    private CompletableFuture<Result> bringAbout(Session current, Node self, String path, Reply read) {
        if (leaving) {
            return done(Result.WAIT);
        }
        byte[] json = Records.write(self);
        Op create = Op.create(path, json, clients.acl(), CreateMode.EPHEMERAL);
        GetDataResult found = read.data(0);
        if (found == null) {
            return read.errorOf(0) == Code.NONODE ? write(current, List.of(create), "joined") : done(Result.WAIT);
        }
        int version = found.getStat().getVersion();
        if (found.getStat().getEphemeralOwner() == current.id()) {
            clients.problem(PROBLEM, null);
            refusedFor = null;
            if (Arrays.equals(found.getData(), json)) {
                joined = true;
                everJoined = true;
                return done(Result.DONE);
            }
            return write(current, List.of(Op.setData(path, json, version)), joined ? null : "joined");
        }
        Optional<Node> other = Records.readNode(found.getData());
        boolean ownFormerSession = other.isPresent() && other.get().isSameProcessAs(self);
        // Whoever had our address before we came cannot live any more, for we have it now. But who takes the place of a
        // member has an address that is not his alone, and both would go on replacing each other.
        boolean formerSelf =
                !everJoined && other.isPresent() && other.get().uri().equals(self.uri());
        // Members are ephemeral, so nobody lives behind one that is not; but our place is taken by it.
        boolean nobody = found.getStat().getEphemeralOwner() == 0;
        if (nobody) {
            clients.oddRecords()
                    .report(path, found.getStat().getMzxid(), "was made by no node of this cluster and is replaced");
        }
        if (ownFormerSession || formerSelf || nobody) {
            return write(current, List.of(Op.delete(path, version), create), "joined");
        }
        refuse(self, other, found);
        return done(Result.WAIT);
    }

    private void refuse(Node self, Optional<Node> other, GetDataResult found) {
        String holder = other.map(node -> "the node at " + node.uri() + " (incarnation " + node.incarnation() + ")")
                .orElse("a record that cannot be read");
        String text = "node id '" + self.id() + "' is in use by " + holder + ", so this node at " + self.uri()
                + " does not join; set ha.node.id to a name of its own, or stop the other";
        clients.problem(PROBLEM, text);
        String identity =
                other.map(Node::incarnation).orElse("") + found.getStat().getCzxid();
        if (!identity.equals(refusedFor)) {
            refusedFor = identity;
            log.error("[{}] {}", cluster, text);
        }
    }

    private CompletableFuture<Result> write(Session current, List<Op> operations, @Nullable String message) {
        return current.multi(operations)
                .thenApplyAsync(
                        reply -> {
                            if (reply.isOk()) {
                                clients.problem(PROBLEM, null);
                                refusedFor = null;
                                joined = true;
                                everJoined = true;
                                if (message != null) {
                                    log.debug(
                                            "[{}] {} {}", cluster, state.view().self(), message);
                                }
                                recomputeSoon();
                                return Result.DONE;
                            }
                            reportAccess(reply.code());
                            return switch (reply.code()) {
                                case NODEEXISTS, BADVERSION -> Result.AGAIN;
                                case NONODE -> recreate(current);
                                default -> Result.WAIT;
                            };
                        },
                        worker);
    }

    /** The parents are gone: somebody emptied ZooKeeper. */
    private Result recreate(Session current) {
        current.createMissing(paths.persistent(), clients::acl)
                .thenAcceptAsync(
                        code -> {
                            reportAccess(code);
                            if (code == Code.OK) {
                                syncOwn();
                            }
                        },
                        worker);
        return Result.WAIT;
    }

    private static CompletableFuture<Result> done(Result result) {
        return CompletableFuture.completedFuture(result);
    }

    private void recomputeSoon() {
        if (!recomputeQueued) {
            recomputeQueued = true;
            worker.execute(this::recompute);
        }
    }

    /** Makes the new picture from what the cache holds and what must not be forgotten yet. */
    private void recompute() {
        recomputeQueued = false;
        if (!cacheFilled || !orders.isFilled() || closed) {
            return;
        }
        Map<String, Node> picture = new TreeMap<>();
        Set<String> paths = new HashSet<>();
        cache.stream().forEach(data -> {
            paths.add(data.getPath());
            read(data).ifPresent(node -> picture.put(node.id(), node));
        });
        clients.oddRecords().retain(this.paths.members(), paths);
        if (inGrace && !interrupted && nanoTime.getAsLong() - graceEnd >= 0) {
            inGrace = false;
        }
        if (interrupted || inGrace) {
            Node self = state.view().self();
            for (Node known : state.view().members()) {
                boolean left = leaving && known.isSameProcessAs(self);
                if (!left) {
                    picture.putIfAbsent(known.id(), known);
                }
            }
        }
        state.setMembers(picture.values(), orders.orders());
        ownRecordChanged();
    }

    /** Somebody deleted or overwrote our record, or the one that kept us out is gone. */
    private void ownRecordChanged() {
        Node self = state.view().self().undrained();
        Optional<Node> own = cache.get(paths.member(self.id())).flatMap(data -> Records.readNode(data.getData()));
        if (own.isEmpty() || !own.get().equals(self)) {
            syncOwn();
        }
    }

    private Optional<Node> read(ChildData data) {
        if (data.getPath().equals(paths.members())) {
            return Optional.empty();
        }
        Optional<Node> node =
                Records.readNode(data.getData()).filter(read -> data.getPath().equals(paths.member(read.id())));
        if (node.isEmpty()) {
            clients.oddRecords()
                    .report(data.getPath(), data.getStat().getMzxid(), "is no record of a member and is ignored");
        }
        return node;
    }

    @Override
    public void leave() {
        leaving = true;
        worker.execute(() -> deleteOwn(3));
        if (connection.session() != null && !worker.isCurrentThread()) {
            left.copy()
                    .completeOnTimeout(null, LEAVE_WAIT.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        }
    }

    private void deleteOwn(int attempts) {
        Session current = connection.session();
        if (current == null || closed || attempts == 0) {
            left.complete(null);
            return;
        }
        Node self = state.view().self();
        String path = paths.member(self.id());
        current.multi(List.of(Op.getData(path)))
                .thenComposeAsync(
                        reply -> {
                            GetDataResult found = reply.data(0);
                            if (found == null || found.getStat().getEphemeralOwner() != current.id()) {
                                return CompletableFuture.completedFuture(true);
                            }
                            Op delete = Op.delete(path, found.getStat().getVersion());
                            return current.multi(List.of(delete)).thenApply(Reply::isOk);
                        },
                        worker)
                .thenAcceptAsync(
                        gone -> {
                            if (!gone) {
                                deleteOwn(attempts - 1);
                                return;
                            }
                            if (joined) {
                                log.debug("[{}] {} left", cluster, self);
                            }
                            joined = false;
                            left.complete(null);
                        },
                        worker);
    }

    @Override
    public void close() {
        leave();
        worker.executeAndWait(
                () -> {
                    closed = true;
                    if (everConnected) {
                        cache.close();
                        orders.close();
                    }
                },
                Duration.ofSeconds(1));
        worker.close();
    }
}
