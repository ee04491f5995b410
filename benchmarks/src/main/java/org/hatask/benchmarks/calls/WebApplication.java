package org.hatask.benchmarks.calls;

import java.util.List;
import java.util.stream.Stream;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.hazelcast.HazelcastAutoConfiguration;
import org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** An application with a web server, and without what is on the class path for others. */
public final class WebApplication {

    private WebApplication() {}

    static ConfigurableApplicationContext start(Class<?> configuration, Place place, List<String> properties) {
        return start(configuration, place.port(), properties);
    }

    /** @param port 0 for one that is free */
    public static ConfigurableApplicationContext start(Class<?> configuration, int port, List<String> properties) {
        return new SpringApplicationBuilder(configuration)
                .web(WebApplicationType.SERVLET)
                .properties(Stream.concat(
                                Stream.of(
                                        "spring.application.name=benchmark",
                                        "spring.main.banner-mode=off",
                                        "spring.jmx.enabled=false",
                                        "spring.autoconfigure.exclude=" + DataSourceAutoConfiguration.class.getName()
                                                + "," + HazelcastAutoConfiguration.class.getName(),
                                        "server.port=" + port,
                                        "server.address=127.0.0.1"),
                                properties.stream())
                        .toArray(String[]::new))
                .run();
    }
}
