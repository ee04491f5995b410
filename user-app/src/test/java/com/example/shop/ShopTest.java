package com.example.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.curator.framework.CuratorFramework;
import org.hatask.HaCluster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The starter with the versions that Spring Cloud's BOM gives to an application. */
@Timeout(120)
class ShopTest {

    @Test
    void aClusterOfTheApplicationWorks(@TempDir Path directory) throws IOException {
        assertThat(version("org.apache.curator", "curator-framework")).isEqualTo("5.8.0");
        int port = freePort();
        try (ConfigurableApplicationContext a = node("a", port, directory);
                ConfigurableApplicationContext b = node("b", port, directory)) {
            HaCluster cluster = a.getBean(HaCluster.class);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> cluster.members().size() == 2 && cluster.master().isPresent());
            String master = cluster.master().orElseThrow().id();
            String worker = master.equals("a") ? "b" : "a";

            assertThat(a.getBean(Shop.class).order(new Order("tea", 2))).isEqualTo("2 tea by " + master);
            assertThat(b.getBean(Shop.class).order(new Order("tea", 2))).isEqualTo("2 tea by " + master);
            assertThat(a.getBean(Shop.class).pack("tea")).isEqualTo("tea by " + worker);
            assertThat(b.getBean(Shop.class).pack("tea")).isEqualTo("tea by " + worker);
        }
    }

    private static ConfigurableApplicationContext node(String id, int port, Path directory) {
        return new SpringApplicationBuilder(ShopApplication.class)
                .properties(
                        "server.port=0",
                        "spring.application.name=shop",
                        "ha.node.id=" + id,
                        "ha.zookeeper.embedded.port=" + port,
                        "ha.zookeeper.embedded.data-dir=" + directory)
                .run();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static String version(String group, String artifact) throws IOException {
        String resource = "/META-INF/maven/" + group + "/" + artifact + "/pom.properties";
        try (InputStream in = CuratorFramework.class.getResourceAsStream(resource)) {
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        }
    }
}
