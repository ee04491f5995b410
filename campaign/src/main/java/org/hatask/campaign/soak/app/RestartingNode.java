package org.hatask.campaign.soak.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Nodes one after the other in one process, which starts them faster than processes start. Every other one has the same id again,
 * the others an id that never comes again, as pods have. What a node leaves behind when it is closed adds up here; but for the
 * last one, whose environment Spring Boot's logging keeps, and that holds all of it.
 */
public final class RestartingNode {

    /** For what a closed node still has to do. */
    private static final int A_MOMENT_MILLIS = 1_000;

    private static final CountDownLatch NEVER = new CountDownLatch(1);

    private RestartingNode() {}

    public static void main(String[] args) throws Exception {
        for (int number = 1; ; number++) {
            String id = number % 2 == 0 ? "r1" : "r1-" + number;
            Path restarts = runOne(id, args);
            Files.writeString(restarts, id + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            holdStill(restarts.resolveSibling("hold"), restarts.resolveSibling("held"));
        }
    }

    /** A method of its own: when it has returned, no variable holds the node. */
    private static Path runOne(String id, String[] args) throws InterruptedException {
        try (ConfigurableApplicationContext node = new SpringApplicationBuilder(SoakNode.class)
                .registerShutdownHook(false)
                .properties("ha.node.id=" + id)
                .run(args)) {
            pause(ThreadLocalRandom.current().nextInt(1_000, 3_000));
            return Path.of(node.getEnvironment().getRequiredProperty("soak.restarts"));
        }
    }

    /** Between two nodes, while somebody wants to see what is left of all that have been. */
    private static void holdStill(Path hold, Path held) throws Exception {
        if (Files.exists(hold)) {
            pause(A_MOMENT_MILLIS);
            Files.createFile(held);
            while (Files.exists(hold)) {
                pause(20);
            }
            Files.delete(held);
        }
    }

    private static void pause(int millis) throws InterruptedException {
        NEVER.await(millis, TimeUnit.MILLISECONDS);
    }
}
