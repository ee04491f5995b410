package org.hatask.durable.zookeeper;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.SessionConnectionStateErrorPolicy;
import org.apache.curator.retry.BoundedExponentialBackoffRetry;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.ZooDefs;
import org.hatask.TestZooKeeper;
import org.hatask.cluster.Mastership;
import org.hatask.durable.TaskStore;
import org.hatask.zookeeper.ZooKeeperAccess;

/** A ZooKeeper server, and nodes of one cluster with a connection and a store each. */
public final class StoreScene implements AutoCloseable {

    static final Duration BOUND = Duration.ofSeconds(30);
    static final String ROOT = "/ha/test";
    static final StoreLimits PATIENT = new StoreLimits(8 * 1024, 10_000, 10_000, 100, 1_000, BOUND);

    private final TestingServer server;
    private final List<AutoCloseable> open = new ArrayList<>();
    private final CuratorFramework eye;

    public StoreScene() throws Exception {
        server = TestZooKeeper.start(200);
        eye = client("127.0.0.1:" + server.getPort(), Duration.ofSeconds(30));
        open.clear();
    }

    TestingServer server() {
        return server;
    }

    /** What a stranger does with ZooKeeper. */
    CuratorFramework eye() {
        return eye;
    }

    /** Ends all nodes, which would make anew what they miss, and removes everything. */
    public void empty() throws Exception {
        closeNodes();
        if (eye.checkExists().forPath("/ha") != null) {
            eye.delete().guaranteed().deletingChildrenIfNeeded().forPath("/ha");
        }
    }

    /** Another master is elected. Returns its epoch. */
    public long raiseEpoch() throws Exception {
        if (eye.checkExists().forPath(ROOT + "/epoch") == null) {
            eye.create().creatingParentsIfNeeded().forPath(ROOT + "/epoch", new byte[0]);
        }
        return eye.setData().forPath(ROOT + "/epoch", new byte[0]).getVersion();
    }

    public TaskStore patientStore(Mastership mastership) {
        return store(server.getPort(), mastership, PATIENT);
    }

    ZooKeeperTaskStore store(int port, Mastership mastership, StoreLimits limits) {
        // Twice the same: a client that has tried all its servers waits for a second.
        String address = "127.0.0.1:" + port;
        CuratorFramework client = client(address + "," + address, Duration.ofMillis(3000));
        return store(client, mastership, limits);
    }

    ZooKeeperTaskStore store(CuratorFramework client, Mastership mastership, StoreLimits limits) {
        ZooKeeperTaskStore store = new ZooKeeperTaskStore(access(client), mastership, limits, System::nanoTime);
        open.add(store);
        return store;
    }

    static ZooKeeperAccess access(CuratorFramework client) {
        return new ZooKeeperAccess(client, ROOT, ROOT + "/epoch", path -> ZooDefs.Ids.OPEN_ACL_UNSAFE);
    }

    CuratorFramework client(String address, Duration session) {
        CuratorFramework client = CuratorFrameworkFactory.builder()
                .connectString(address)
                .sessionTimeoutMs((int) session.toMillis())
                .connectionTimeoutMs(1_000)
                .retryPolicy(new BoundedExponentialBackoffRetry(100, 2_000, 29))
                .ensembleTracker(false)
                .connectionStateErrorPolicy(new SessionConnectionStateErrorPolicy())
                .build();
        client.start();
        open.add(client);
        return client;
    }

    /** What a stranger does who knows the session: the server ends it at once. */
    void endSession(CuratorFramework client) throws Exception {
        var victim = client.getZookeeperClient().getZooKeeper();
        var twin = new org.apache.zookeeper.ZooKeeper(
                "127.0.0.1:" + server.getPort(), 10_000, event -> {}, victim.getSessionId(), victim.getSessionPasswd());
        try {
            await().atMost(BOUND).until(() -> twin.getState().isConnected());
        } finally {
            twin.close();
        }
    }

    private void closeNodes() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
        open.clear();
    }

    @Override
    public void close() throws Exception {
        closeNodes();
        eye.close();
        server.close();
    }
}
