package org.hatask.campaign.soak.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Nodes one after the other in one process, which starts them faster than processes start. Every other one has the same id again,
 * the others an id that never comes again, as pods have. What a node leaves behind when it is closed adds up here.
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
            replaceLast();
            pause(A_MOMENT_MILLIS);
            Files.createFile(held);
            while (Files.exists(hold)) {
                pause(20);
            }
            Files.delete(held);
        }
    }

    /** Spring Boot's logging keeps the environment of the last application, which keeps all of it: so the last one is an empty one. */
    private static void replaceLast() {
        new SpringApplicationBuilder(Object.class)
                .web(WebApplicationType.NONE)
                .registerShutdownHook(false)
                .run()
                .close();
    }

    private static void pause(int millis) throws InterruptedException {
        NEVER.await(millis, TimeUnit.MILLISECONDS);
    }
}
