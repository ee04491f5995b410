package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import org.hatask.RawHttp;
import org.hatask.TestNodes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

/** Web servers that cannot take links: the node says so once, whoever knocks. */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class ClosedDoorTest {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    private static TestNodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new TestNodes(Application.class);
    }

    @AfterAll
    static void stop() throws Exception {
        nodes.close();
    }

    @ParameterizedTest
    @CsvSource({"servlet, TomcatWebServer has no WebSocket support here", "reactive, WebFlux runs on TomcatWebServer"})
    void theNodeSaysOnceThatItOnlyCallsAndWhy(String type, String reason, CapturedOutput output) throws Exception {
        nodes.start(
                type,
                "spring.main.web-application-type=" + type,
                "spring.autoconfigure.exclude=org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration,"
                        + "org.springframework.boot.autoconfigure.websocket.servlet.WebSocketServletAutoConfiguration");
        assertThat(output.toString().lines().filter(line -> line.contains("only calls tasks")))
                .singleElement()
                .asString()
                .contains(" WARN ", reason);
        String told = output.toString();

        for (int i = 0; i < 3; i++) {
            try (Socket stranger = new Socket("localhost", nodes.port(type))) {
                stranger.setSoTimeout(20_000);
                stranger.getOutputStream().write(Strangers.upgrade(""));
                assertThat(RawHttp.head(stranger.getInputStream())).startsWith("HTTP/1.1 503");
            }
        }

        assertThat(output.toString().substring(told.length())).doesNotContain("ERROR", "WARN", "/ha/link", "WebSocket");
    }
}
