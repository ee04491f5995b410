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
 * the others an id that never comes again, as pods have. What a node leaves behind when it is closed adds up here.
 */
public final class RestartingNode {

    private RestartingNode() {}

    public static void main(String[] args) throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        for (int number = 1; ; number++) {
            String id = number % 2 == 0 ? "r1" : "r1-" + number;
            try (ConfigurableApplicationContext node = new SpringApplicationBuilder(SoakNode.class)
                    .registerShutdownHook(false)
                    .properties("ha.node.id=" + id)
                    .run(args)) {
                never.await(ThreadLocalRandom.current().nextInt(1_000, 3_000), TimeUnit.MILLISECONDS);
                Files.writeString(
                        Path.of(node.getEnvironment().getRequiredProperty("soak.restarts")),
                        id + "\n",
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
            }
        }
    }
}
