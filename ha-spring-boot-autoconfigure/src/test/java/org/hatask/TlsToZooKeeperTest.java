package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.server.NettyServerCnxnFactory;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;
import org.apache.zookeeper.server.auth.ProviderRegistry;
import org.apache.zookeeper.server.auth.X509AuthenticationProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** A ZooKeeper that is reached by TLS alone and asks for certificates, as {@code docs/security.md} says to set it up. */
@Timeout(120)
class TlsToZooKeeperTest {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    private static final String X509 = "zookeeper.authProvider.x509";

    @TempDir
    private Path directory;

    private Map<String, String> properties;
    private ServerCnxnFactory server;
    private int port;

    @BeforeEach
    void start() throws Exception {
        TestCertificates certificates =
                new TestCertificates(directory).authority("ca").issue("node", "ca", "ip:127.0.0.1,dns:localhost");
        properties = Map.of(
                "zookeeper.client.secure",
                "true",
                "zookeeper.clientCnxnSocket",
                "org.apache.zookeeper.ClientCnxnSocketNetty",
                "zookeeper.ssl.keyStore.location",
                certificates.keyStore("node"),
                "zookeeper.ssl.keyStore.password",
                TestCertificates.PASSWORD,
                "zookeeper.ssl.trustStore.location",
                certificates.trustStore("ca"),
                "zookeeper.ssl.trustStore.password",
                TestCertificates.PASSWORD);
        properties.forEach(System::setProperty);
        port = TestZooKeeper.freePorts(1).get(0);
        System.setProperty(ServerCnxnFactory.ZOOKEEPER_SERVER_CNXN_FACTORY, NettyServerCnxnFactory.class.getName());
        // What the servers' own main class does where a secure port is configured.
        System.setProperty(X509, X509AuthenticationProvider.class.getName());
        ProviderRegistry.addOrUpdateProvider(X509);
        server = ServerCnxnFactory.createFactory();
        server.configure(new InetSocketAddress("127.0.0.1", port), 60, -1, true);
        server.startup(new ZooKeeperServer(
                directory.resolve("data").toFile(), directory.resolve("data").toFile(), 200));
    }

    @AfterEach
    void stop() {
        server.shutdown();
        properties.keySet().forEach(System::clearProperty);
        System.clearProperty(ServerCnxnFactory.ZOOKEEPER_SERVER_CNXN_FACTORY);
        System.clearProperty(X509);
        ProviderRegistry.reset();
    }

    @Test
    void clientPropertiesOfZooKeeperAreAllThatIsNeeded() throws Exception {
        try (ConfigurableApplicationContext node = new SpringApplicationBuilder(Application.class)
                .bannerMode(Banner.Mode.OFF)
                .properties(
                        "server.port=0",
                        "spring.application.name=test",
                        "spring.jmx.enabled=false",
                        "spring.autoconfigure.exclude="
                                + "org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration",
                        "ha.node.id=n1",
                        "ha.zookeeper.connect-string=127.0.0.1:" + port,
                        "ha.zookeeper.session-timeout=2s",
                        "ha.zookeeper.tick-time=200ms",
                        "ha.zookeeper.auth=ha:secret")
                .run()) {
            HaCluster cluster = node.getBean(HaCluster.class);
            await().atMost(TestNodes.PATIENCE).until(cluster::isMaster);
        }
        assertThat(connectsWithoutTls()).isFalse();
    }

    private boolean connectsWithoutTls() throws Exception {
        ZKClientConfig config = new ZKClientConfig();
        config.setProperty(ZKClientConfig.SECURE_CLIENT, "false");
        config.setProperty(ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET, "org.apache.zookeeper.ClientCnxnSocketNIO");
        CountDownLatch connected = new CountDownLatch(1);
        Watcher watcher = event -> {
            if (event.getState() == Watcher.Event.KeeperState.SyncConnected) {
                connected.countDown();
            }
        };
        try (ZooKeeper client = new ZooKeeper("127.0.0.1:" + port, 2_000, watcher, config)) {
            return connected.await(3, TimeUnit.SECONDS);
        }
    }
}
