package org.hatask.zookeeper;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.curator.test.TestingServer;
import org.hatask.TestZooKeeper;
import org.junit.jupiter.api.Test;

class ClosedNodeTest {

    /** Ours, Curator's, and those of ZooKeeper's client; the server's come and go as it likes. */
    private static final Set<String> NAMES = Set.of("ha-", "Curator-", "SendThread", "EventThread");

    @Test
    void aClosedNodeLeavesNoThread() throws Exception {
        try (TestingServer server = TestZooKeeper.start(100)) {
            Set<Thread> before = threads();
            try (TestNode node = new TestNode("n1", 8081, server.getConnectString(), ZooKeeperElection::leaderLatch)) {
                node.start();
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> node.events.stream().anyMatch(event -> event.startsWith("gained")));
            }
            await().atMost(Duration.ofSeconds(30)).until(this::threads, before::containsAll);
        }
    }

    private Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> NAMES.stream().anyMatch(thread.getName()::contains))
                .collect(Collectors.toSet());
    }
}
