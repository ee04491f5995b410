package org.hatask.sample.cluster;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hatask.sample.PricingDeskApplication;

/** A node of the pricing desk, or of another application. */
final class NodeProcess extends ChildProcess {

    private final URI uri;
    private final DeskClient client;

    /** What a node runs. */
    record Program(String mainClass, List<String> jvmOptions) {

        static final Program DESK = new Program(PricingDeskApplication.class.getName(), List.of("-Xmx256m"));
    }

    NodeProcess(String id, int port, Path directory, Program program, List<String> properties, DeskClient client) {
        super(
                id,
                directory.resolve(id + ".log"),
                program.jvmOptions(),
                program.mainClass(),
                arguments(id, port, properties));
        this.uri = URI.create("http://127.0.0.1:" + port);
        this.client = client;
    }

    String id() {
        return name();
    }

    URI uri() {
        return uri;
    }

    /** Whether its health is up: it takes calls, and knows its cluster. */
    boolean isReady() {
        return isAlive() && client.isHealthy(uri);
    }

    void awaitReady(Duration patience) {
        await("was ready (" + uri + "/actuator/health)", patience, this::isReady);
    }

    private static List<String> arguments(String id, int port, List<String> properties) {
        List<String> arguments = new ArrayList<>(List.of(
                "--ha.node.id=" + id,
                "--ha.node.host=127.0.0.1",
                "--server.address=127.0.0.1",
                "--server.port=" + port));
        arguments.addAll(properties);
        return arguments;
    }
}
