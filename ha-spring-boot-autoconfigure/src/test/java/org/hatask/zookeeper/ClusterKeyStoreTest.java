package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.hatask.TestZooKeeper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClusterKeyStoreTest {

    private final List<AutoCloseable> opened = new ArrayList<>();
    private TestingServer server;

    @BeforeEach
    void startServer() throws Exception {
        server = TestZooKeeper.start(100);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
        server.close();
    }

    @Test
    void allNodesThatStartAtOnceHaveTheSameKey() throws Exception {
        ZooKeeperClients a = clients(null);
        ZooKeeperClients b = clients(null);
        ClusterKeyStore first = store(a);
        ClusterKeyStore second = store(b);
        assertThat(first.current()).isEmpty();
        a.start();
        b.start();
        byte[] key = first.key().get(30, TimeUnit.SECONDS);
        assertThat(key).hasSize(32);
        assertThat(second.key().get(30, TimeUnit.SECONDS)).isEqualTo(key);
        assertThat(second.current())
                .hasValueSatisfying(known -> assertThat(known).isEqualTo(key));
    }

    @Test
    void theKeyIsRememberedWhenZooKeeperComesBackEmpty() throws Exception {
        ZooKeeperClients clients = clients(null);
        ClusterKeyStore store = store(clients);
        clients.start();
        byte[] key = store.key().get(30, TimeUnit.SECONDS);
        int port = server.getPort();
        server.close();
        server = TestZooKeeper.start(100, port);
        await().atMost(TestNode.SOON).until(() -> {
            Session session = clients.membership().session();
            Op check = Op.check(clients.paths().secret(), -1);
            return session != null && session.multi(List.of(check)).join().code() == Code.OK;
        });
        ZooKeeperClients other = clients(null);
        ClusterKeyStore later = store(other);
        other.start();
        assertThat(later.key().get(30, TimeUnit.SECONDS)).isEqualTo(key);
    }

    @ParameterizedTest
    @EnumSource
    void allNodesHaveTheSameKeyWhateverIsLostOfItsCreation(LossyZooKeeper.Lost lost) throws Exception {
        LossyZooKeeper way = new LossyZooKeeper(server.getPort(), "");
        ZooKeeperClients unlucky = clients("127.0.0.1:" + way.port(), null);
        opened.add(way);
        ClusterKeyStore first = store(unlucky);
        String creation = "create " + unlucky.paths().secret();
        CompletableFuture<?> sprung = way.lose(lost, does -> does.contains(creation), false);
        unlucky.start();
        sprung.get(30, TimeUnit.SECONDS);
        ZooKeeperClients other = clients(null);
        ClusterKeyStore second = store(other);
        other.start();

        byte[] key = first.key().get(30, TimeUnit.SECONDS);

        assertThat(second.key().get(30, TimeUnit.SECONDS)).isEqualTo(key);
    }

    @Test
    void withAuthTheKeyIsKeptFromStrangers() throws Exception {
        ZooKeeperClients owner = clients("ha:secret");
        ClusterKeyStore store = store(owner);
        owner.start();
        store.key().get(30, TimeUnit.SECONDS);
        ZooKeeperClients stranger = clients(null);
        ClusterKeyStore refused = store(stranger);
        stranger.start();
        await().atMost(TestNode.SOON)
                .untilAsserted(() -> assertThat(stranger.status().problem()).contains("ha.zookeeper.auth"));
        assertThat(refused.current()).isEmpty();
    }

    private ClusterKeyStore store(ZooKeeperClients clients) {
        ClusterKeyStore store = new ClusterKeyStore(clients);
        opened.add(0, store);
        return store;
    }

    private ZooKeeperClients clients(String auth) {
        return clients(server.getConnectString(), auth);
    }

    private ZooKeeperClients clients(String address, String auth) {
        ZooKeeperClients clients = new ZooKeeperClients(
                new ZooKeeperSettings("test", address, TestNode.SESSION, TestNode.TICK, Duration.ofSeconds(1), auth));
        opened.add(clients);
        return clients;
    }
}
