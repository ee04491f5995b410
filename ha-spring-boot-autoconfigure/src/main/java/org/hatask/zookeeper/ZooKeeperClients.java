package org.hatask.zookeeper;

import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.ACLProvider;
import org.apache.curator.framework.state.SessionConnectionStateErrorPolicy;
import org.apache.curator.retry.BoundedExponentialBackoffRetry;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.hatask.cluster.Coordination;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two connections to ZooKeeper, each with a session of its own: one for the membership and what else is read, one for
 * the election alone, so that nothing else can hold up its callbacks. {@link #start()} never waits for ZooKeeper; the
 * connections are tried for ever.
 *
 * <p>Construct everything that listens before {@link #start()}; close it all before {@link #close()}. The status is written
 * under this object's lock by Curator's connection threads.
 */
public final class ZooKeeperClients implements Coordination, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ZooKeeperClients.class);
    private static final Duration REMINDER = Duration.ofSeconds(60);

    private static final List<ACL> SHARED_ACL = List.of(
            new ACL(ZooDefs.Perms.ALL, ZooDefs.Ids.AUTH_IDS),
            new ACL(ZooDefs.Perms.CREATE | ZooDefs.Perms.READ, ZooDefs.Ids.ANYONE_ID_UNSAFE));

    private final ZooKeeperSettings settings;
    private final Paths paths;
    private final List<ACL> acl;
    private final Clock clock;
    private final Connection membership;
    private final Connection election;
    private final Worker worker = new Worker("ha-zookeeper");
    private final Worker membershipCallbacks = new Worker("ha-zookeeper-membership-callback");
    private final Worker electionCallbacks = new Worker("ha-zookeeper-election-callback");
    private final Map<String, String> problems = new ConcurrentHashMap<>();
    private final OddRecords oddRecords;

    private State state = State.CONNECTING;
    private Instant since;
    private boolean closed;

    public ZooKeeperClients(ZooKeeperSettings settings) {
        this(settings, Clock.systemUTC());
    }

    ZooKeeperClients(ZooKeeperSettings settings, Clock clock) {
        this.settings = settings;
        this.clock = clock;
        this.since = clock.instant();
        this.paths = new Paths(settings.cluster());
        this.acl = settings.auth() == null ? ZooDefs.Ids.OPEN_ACL_UNSAFE : ZooDefs.Ids.CREATOR_ALL_ACL;
        this.oddRecords = new OddRecords(settings.cluster(), System::nanoTime);
        this.membership = new Connection(newClient(membershipCallbacks));
        this.election = new Connection(newClient(electionCallbacks));
        worker.execute(ZooKeeperClients::loadTls);
        for (Connection connection : List.of(membership, election)) {
            connection.addListener(new Connection.Listener() {
                @Override
                public void connected(Session session) {
                    checkTimeout(session);
                }

                @Override
                public void changed() {
                    stateChanged();
                }
            });
        }
    }

    /**
     * ZooKeeper's client needs these classes before it connects, with TLS or without: meanwhile the application can go on
     * starting. Not the platform's default context, which may still be configured.
     */
    private static void loadTls() {
        try {
            SSLContext.getInstance("TLS");
        } catch (NoSuchAlgorithmException e) {
            log.debug("there is no TLS here", e);
        }
    }

    private CuratorFramework newClient(Worker callbacks) {
        CuratorFrameworkFactory.Builder builder = CuratorFrameworkFactory.builder()
                .connectString(settings.connectString())
                .sessionTimeoutMs(Math.toIntExact(settings.sessionTimeout().toMillis()))
                .connectionTimeoutMs(
                        Math.toIntExact(settings.connectionTimeout().toMillis()))
                .retryPolicy(new BoundedExponentialBackoffRetry(100, 2_000, 29))
                // The ensemble's own list may hold addresses that are of no use here, such as 0.0.0.0.
                .ensembleTracker(false)
                // Curator does not end a thread of its own for them when it is closed (5.9.0).
                .runSafeService(callbacks)
                // A short interruption must not make the latch give up its node.
                .connectionStateErrorPolicy(new SessionConnectionStateErrorPolicy())
                .aclProvider(new ACLProvider() {
                    @Override
                    public List<ACL> getDefaultAcl() {
                        return acl;
                    }

                    @Override
                    public List<ACL> getAclForPath(String path) {
                        return acl(path);
                    }
                });
        String own = settings.ownServer();
        if (own != null) {
            builder.zookeeperFactory(OwnServerFirst.factory(own));
        }
        String auth = settings.auth();
        if (auth != null) {
            builder.authorization("digest", auth.getBytes(StandardCharsets.UTF_8));
        }
        return builder.build();
    }

    /** Starts to connect. Returns at once, whether or not ZooKeeper can be reached. */
    public void start() {
        if (settings.auth() == null) {
            log.info(
                    "[{}] no ha.zookeeper.auth is set: whoever reaches ZooKeeper at {} is trusted",
                    settings.cluster(),
                    settings.connectString());
        }
        membership.client().start();
        election.client().start();
        remindLater();
    }

    ZooKeeperSettings settings() {
        return settings;
    }

    Paths paths() {
        return paths;
    }

    /** For every node we create: ACLs are not inherited. */
    List<ACL> acl() {
        return acl;
    }

    /** The same for what is made by its path: below the one that all clusters share, others may make theirs. */
    List<ACL> acl(String path) {
        return settings.auth() != null && path.equals(Paths.SHARED) ? SHARED_ACL : acl;
    }

    Connection membership() {
        return membership;
    }

    Connection election() {
        return election;
    }

    /** For whoever keeps something of the cluster in ZooKeeper, too. */
    public ZooKeeperAccess access() {
        return new ZooKeeperAccess(membership.client(), paths.root(), paths.epoch(), this::acl);
    }

    /** Where to tell of records that nobody of ours has written. */
    OddRecords oddRecords() {
        return oddRecords;
    }

    /**
     * Shows or, with null, takes back what an operator should know about {@code part}.
     *
     * @return whether there was nothing to know before, so that it is news
     */
    boolean problem(String part, @Nullable String text) {
        return (text == null ? problems.remove(part) : problems.put(part, text)) == null;
    }

    @Override
    public synchronized Status status() {
        Session session = membership.session();
        String problem = problems.isEmpty()
                ? null
                : problems.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(Map.Entry::getValue)
                        .collect(Collectors.joining("; "));
        Duration timeout = session == null ? settings.sessionTimeout() : session.timeout();
        return new Status(state, since, settings.connectString(), timeout, problem);
    }

    private void checkTimeout(Session session) {
        Duration asked = settings.sessionTimeout();
        if (session.timeout().equals(asked)) {
            problem("session", null);
            return;
        }
        String text = "ZooKeeper granted a session timeout of "
                + session.timeout().toMillis() + " ms instead of " + asked.toMillis() + " ms";
        if (session.timeout().compareTo(settings.tickTime().multipliedBy(ZooKeeperSettings.MIN_TICKS)) < 0) {
            text += ", which is less than three ticks of "
                    + settings.tickTime().toMillis()
                    + " ms: no node can hold the mastership safely; raise maxSessionTimeout of the servers or correct"
                    + " ha.zookeeper.tick-time";
            problem("session", text);
        }
        log.warn("[{}] {}", settings.cluster(), text);
    }

    private synchronized void stateChanged() {
        State now = worse(membership.state(), election.state());
        if (now == state || closed) {
            return;
        }
        State before = state;
        Duration lasted = Duration.between(since, clock.instant());
        state = now;
        since = clock.instant();
        switch (now) {
            case CONNECTED ->
                log.info(
                        "[{}] connected to ZooKeeper at {} after {} ms",
                        settings.cluster(),
                        settings.connectString(),
                        lasted.toMillis());
            case SUSPENDED ->
                log.warn(
                        "[{}] lost the connection to ZooKeeper at {}; trying again",
                        settings.cluster(),
                        settings.connectString());
            case LOST -> log.warn("[{}] the session with ZooKeeper is lost; trying again", settings.cluster());
            case CONNECTING -> log.trace("never entered again, was {}", before);
        }
    }

    private void remindLater() {
        worker.schedule(REMINDER, () -> {
            Status status = status();
            if (status.state() != State.CONNECTED) {
                log.warn(
                        "[{}] no connection to ZooKeeper at {} since {}; trying again",
                        settings.cluster(),
                        settings.connectString(),
                        status.since());
            }
            remindLater();
        });
    }

    private static State worse(State a, State b) {
        List<State> worstFirst = List.of(State.LOST, State.SUSPENDED, State.CONNECTING, State.CONNECTED);
        return worstFirst.indexOf(a) <= worstFirst.indexOf(b) ? a : b;
    }

    /** Ends both sessions, and with them whatever was left of this node. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        worker.close();
        election.client().close();
        membership.client().close();
        electionCallbacks.close();
        membershipCallbacks.close();
    }
}
