package org.hatask.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ClusterStateTest {

    private static Node node(String id) {
        URI uri = URI.create("http://" + id);
        return new Node(id, "i-" + id, uri, NodeState.UP, true, true, 1, null, Instant.EPOCH);
    }

    @Test
    void whoWaitsForAChangeIsNotHeldUpByAListenerThatBlocks() {
        ExecutorService notifier = Executors.newSingleThreadExecutor();
        CountDownLatch released = new CountDownLatch(1);
        try {
            ClusterState state = new ClusterState(node("n1"), notifier);
            state.addListener((before, after) -> {
                try {
                    released.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            for (List<Node> members : List.of(List.of(node("n1")), List.of(node("n1"), node("n2")))) {
                ClusterView before = state.view();

                state.setMembers(members, Orders.NONE);

                assertThat(before.changed()).succeedsWithin(Duration.ofSeconds(5));
                assertThat(state.view().members()).isEqualTo(members);
            }
        } finally {
            released.countDown();
            notifier.shutdown();
        }
    }
}
