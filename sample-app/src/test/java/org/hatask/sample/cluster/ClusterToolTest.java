package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What somebody reads who starts the script wrongly: one sentence, no stack trace, and nothing is left behind. */
class ClusterToolTest {

    private static final int REFUSED = 2;

    @TempDir
    private Path directory;

    @Test
    void unknownCommandShowsTheUsage() throws IOException {
        assertThat(refusal(Map.of(), "down")).startsWith("Usage: ");
    }

    @Test
    void basePortMustBeAPortWithRoomAboveIt() throws IOException {
        assertThat(refusal(Map.of("BASE_PORT", "abc"), "up")).contains("BASE_PORT is 'abc' but must be a number");
        assertThat(refusal(Map.of("BASE_PORT", "65530"), "up")).contains("BASE_PORT is '65530' but must be a number");
    }

    @Test
    void portThatIsTakenIsNamedWithTheCure() throws IOException {
        Ports ports = Ports.free();
        try (ServerSocket taken = new ServerSocket(ports.node(1), 1, InetAddress.getLoopbackAddress())) {
            assertThat(refusal(Map.of("BASE_PORT", Integer.toString(ports.base())), "up"))
                    .contains("Port " + taken.getLocalPort() + " is taken")
                    .contains("for example: BASE_PORT=");
        }
    }

    @Test
    void databaseThatDoesNotAnswerIsNamedBeforeAnyNodeStarts() throws IOException {
        String url = "jdbc:postgresql://127.0.0.1:1/desk";
        assertThat(refusal(Map.of("BASE_PORT", Integer.toString(Ports.free().base()), "DESK_DB_URL", url), "drill"))
                .contains("The database " + url + " cannot be used")
                .contains("DESK_DB_URL");
    }

    private String refusal(Map<String, String> environment, String command) throws IOException {
        Path runs = directory.resolve("run");
        try (ChildProcess tool = new ChildProcess(
                "tool",
                directory.resolve("tool.log"),
                List.of("-Xmx128m", "-Dsample.run-directory=" + runs),
                ClusterTool.class.getName(),
                List.of(command))) {
            environment.forEach(tool::setEnvironment);
            tool.start();
            assertThat(tool.awaitEnd(Duration.ofSeconds(60)))
                    .as("the tool ends")
                    .isTrue();
            String output = Files.readString(tool.log());
            Files.delete(tool.log());
            assertThat(tool.exitStatus()).as(output).isEqualTo(REFUSED);
            assertThat(output).doesNotContain("\tat ");
            assertThat(runs).satisfiesAnyOf(none -> assertThat(none).doesNotExist(), empty -> assertThat(empty)
                    .isEmptyDirectory());
            return output;
        }
    }
}
