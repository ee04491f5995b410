package org.hatask.servers;

import static org.assertj.core.api.Assertions.assertThat;

import org.hatask.HaCluster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** An application with another server that forgot to exclude Tomcat: the class path of this test has all of them. */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class SeveralServersTest {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    @Test
    void aNodeThatCanTakeNoLinksSinceSeveralServersAreThereSaysWhatToChange(CapturedOutput output) {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                .properties(
                        "server.port=0",
                        "ha.cluster=several",
                        "ha.zookeeper.connect-string=127.0.0.1:1",
                        "logging.level.org.apache=OFF")
                .run()) {
            assertThat(output)
                    .contains(
                            "is never master, since TomcatWebServer has no WebSocket support here: exclude all web servers"
                                    + " but one from the class path");
            assertThat(context.getBean(HaCluster.class).isMaster()).isFalse();
        }
    }
}
