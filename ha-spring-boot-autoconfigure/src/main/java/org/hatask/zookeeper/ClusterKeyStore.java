package org.hatask.zookeeper;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult.GetDataResult;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key with which nodes prove that they belong to the cluster, kept in {@code /secret}. The first node creates it, all
 * others read it; should ZooKeeper come back empty, whoever comes first writes the one it remembers. The thread {@code
 * ha-cluster-key} owns the state.
 */
public final class ClusterKeyStore implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ClusterKeyStore.class);
    private static final int KEY_BYTES = 32;
    private static final String PROBLEM = "secret";

    private final ZooKeeperClients clients;
    private final Paths paths;
    private final Worker worker = new Worker("ha-cluster-key");
    private final CompletableFuture<byte[]> first = new CompletableFuture<>();
    private volatile byte @Nullable [] key;

    public ClusterKeyStore(ZooKeeperClients clients) {
        this.clients = clients;
        this.paths = clients.paths();
        clients.membership().addListener(new Connection.Listener() {
            @Override
            public void connected(Session session) {
                worker.execute(() -> prepare(session));
            }
        });
    }

    /** The cluster's key, 32 bytes, as soon as it is known; it stays known while ZooKeeper is away. */
    public CompletableFuture<byte[]> key() {
        return first.thenApply(ignored -> current().orElseThrow());
    }

    /** The key if it is known already. */
    public Optional<byte[]> current() {
        byte[] known = key;
        return known == null ? Optional.empty() : Optional.of(known.clone());
    }

    private void prepare(Session session) {
        session.createMissing(List.of(Paths.SHARED, paths.root()), clients::acl)
                .thenRunAsync(() -> read(session), worker);
    }

    private void read(Session session) {
        session.multi(List.of(Op.getData(paths.secret())))
                .thenAcceptAsync(
                        reply -> {
                            GetDataResult found = reply.data(0);
                            if (found != null) {
                                accept(found);
                            } else if (reply.errorOf(0) == Code.NONODE) {
                                create(session);
                            } else {
                                failed(session, reply);
                            }
                        },
                        worker);
    }

    private void accept(GetDataResult found) {
        Optional<byte[]> stored =
                Records.readSecret(found.getData()).map(Records.Secret::key).filter(bytes -> bytes.length == KEY_BYTES);
        if (stored.isEmpty()) {
            String text = paths.secret() + " holds no key of this cluster; delete it, then a new one is made";
            clients.problem(PROBLEM, text);
            log.error("[{}] {}", clients.settings().cluster(), text);
            return;
        }
        byte[] before = key;
        if (before != null && !Arrays.equals(before, stored.get())) {
            log.warn(
                    "[{}] the cluster's key was replaced in ZooKeeper",
                    clients.settings().cluster());
        }
        known(stored.get());
    }

    private void known(byte[] bytes) {
        clients.problem(PROBLEM, null);
        key = bytes;
        first.complete(bytes);
    }

    private void create(Session session) {
        byte[] known = key;
        byte[] bytes = known == null ? newKey() : known;
        byte[] json = Records.write(new Records.Secret(bytes, Instant.now()));
        session.multi(List.of(Op.create(paths.secret(), json, clients.acl(), CreateMode.PERSISTENT)))
                .thenAcceptAsync(
                        reply -> {
                            if (reply.isOk()) {
                                known(bytes);
                            } else if (reply.code() == Code.NODEEXISTS) {
                                read(session);
                            } else {
                                failed(session, reply);
                            }
                        },
                        worker);
    }

    private static byte[] newKey() {
        byte[] bytes = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }

    private void failed(Session session, Reply reply) {
        if (reply.isLost()) {
            return; // The next connection tries again.
        }
        String text = "the cluster's key in " + paths.secret() + " cannot be read or written (" + reply.code()
                + "): check ha.zookeeper.auth";
        clients.problem(PROBLEM, text);
        log.warn("[{}] {}", clients.settings().cluster(), text);
        worker.schedule(clients.settings().sessionTimeout(), () -> prepare(session));
    }

    @Override
    public void close() {
        worker.close();
    }
}
