package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.NodeTasks;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UnrunnableTasksTest {

    private static final List<WaitingTasks> WAITING =
            List.of(new WaitingTasks("mail", "(int)void", 3), new WaitingTasks("bill", "()void", 1));

    private static Node node(String id, @Nullable Map<String, String> signatures) {
        return new Node(id, id + "i", URI.create("http://h:1"), NodeState.UP, true, true, 1, null, Instant.EPOCH)
                .withTasks(signatures == null ? null : NodeTasks.of(signatures));
    }

    @Test
    void whatNoNodeHasAsItWasIsTold() {
        List<UnrunnableTasks> found = UnrunnableTasks.among(
                WAITING,
                List.of(
                        node("n1", Map.of("mail", "(long)void")),
                        node("n2", Map.of()),
                        node("n3", Map.of("mail", "()void"))));

        assertThat(found)
                .containsExactly(
                        new UnrunnableTasks("bill", "()void", 1, "no node has a task of this name"),
                        new UnrunnableTasks(
                                "mail",
                                "(int)void",
                                3,
                                "the task of this name has other parameters or another result on every node that has it: n1, n3"));
    }

    @Test
    void whatOneNodeHasIsRunnable() {
        assertThat(UnrunnableTasks.among(
                        WAITING,
                        List.of(node("n1", Map.of("mail", "(int)void")), node("n2", Map.of("bill", "()void")))))
                .isEmpty();
    }

    @Test
    void nothingIsToldAsLongAsANodeDoesNotSayWhatItHasOrNoneIsKnown() {
        assertThat(UnrunnableTasks.among(WAITING, List.of(node("n1", Map.of()), node("n2", null))))
                .isEmpty();
        assertThat(UnrunnableTasks.among(WAITING, List.of())).isEmpty();
    }
}
