package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
class ClusterUpIT {

    private static final Duration PATIENCE = Duration.ofSeconds(120);

    @Test
    void upShowsAClusterThatWorksAndASignalEndsAllOfItWithoutTraces() throws Exception {
        Path directory = Path.of("target/process-tests/up").toAbsolutePath();
        DeskCluster.delete(directory);
        Ports ports = Ports.free();
        Path run = directory.resolve("run/port-" + ports.base());
        List<String> options =
                new ArrayList<>(List.of("-Xmx256m", "-Dsample.run-directory=" + directory.resolve("run")));
        if (System.getProperty("sample.jar") != null) {
            options.add("-Dsample.jar=" + System.getProperty("sample.jar"));
        }
        try (ChildProcess up = new ChildProcess(
                "up", directory.resolve("up.log"), options, ClusterTool.class.getName(), List.of("up"))) {
            up.setEnvironment("BASE_PORT", Integer.toString(ports.base()));
            up.start();
            up.await("showed its addresses", PATIENCE, () -> read(up).contains("Ctrl-C stops all."));
            List<ProcessHandle> children =
                    ProcessHandle.of(up.pid()).orElseThrow().descendants().toList();
            assertThat(children).as("three nodes and a database").hasSize(Ports.NODES + 1);
            assertThat(run).isDirectory();
            DeskClient client = new DeskClient(Duration.ofSeconds(20));
            for (int i = 0; i < Ports.NODES; i++) {
                String uri = "http://127.0.0.1:" + ports.node(i);
                assertThat(read(up)).contains(uri + "/actuator/ha");
                assertThat(client.report(URI.create(uri)).isOk()).as(uri).isTrue();
            }

            up.terminate();

            assertThat(up.awaitEnd(Duration.ofSeconds(60)))
                    .as("it ends by itself")
                    .isTrue();
            assertThat(children).noneMatch(ProcessHandle::isAlive);
            assertThat(run).doesNotExist();
            ports.requireFree();
            assertThat(read(up)).doesNotContain("No such process").doesNotContain("Exception");
        }
        DeskCluster.delete(directory);
    }

    private static String read(ChildProcess process) {
        try {
            return Files.readString(process.log());
        } catch (IOException e) {
            return "";
        }
    }
}
