package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(420)
class DrillIT {

    @Test
    void drillOfTheScriptPassesAndLeavesNothingBehind() throws Exception {
        Path directory = Path.of("target/process-tests/drill").toAbsolutePath();
        DeskCluster.delete(directory);
        Ports ports = Ports.free();
        List<String> options = new ArrayList<>(List.of(
                "-Xmx256m",
                "-Dlogback.configurationFile=cluster/logback-quiet.xml",
                "-Dsample.run-directory=" + directory.resolve("run")));
        if (System.getProperty("sample.jar") != null) {
            options.add("-Dsample.jar=" + System.getProperty("sample.jar"));
        }
        try (ChildProcess drill = new ChildProcess(
                "drill", directory.resolve("drill.log"), options, ClusterTool.class.getName(), List.of("drill"))) {
            drill.setEnvironment("BASE_PORT", Integer.toString(ports.base()));
            drill.start();
            boolean ended = drill.awaitEnd(Duration.ofSeconds(360));
            String output = Files.readString(drill.log());
            System.out.println(output);

            assertThat(ended).as("the drill ends").isTrue();
            assertThat(drill.exitStatus()).as(output).isZero();
            assertThat(output).contains("PASSED");
            assertThat(directory.resolve("run/port-" + ports.base())).doesNotExist();
            ports.requireFree();
        }
        DeskCluster.delete(directory);
    }
}
