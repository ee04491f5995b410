package org.hatask.servers;

import java.io.File;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Where an application of Spring Boot runs. */
enum Kind {
    TOMCAT("jetty.*|" + Names.UNDERTOW + "|" + Names.JAKARTA + "|" + Names.REACTIVE),
    JETTY("tomcat-embed-(core|websocket).*|" + Names.UNDERTOW + "|" + Names.REACTIVE),
    UNDERTOW("tomcat-embed-(core|websocket).*|jetty.*|" + Names.REACTIVE),
    NETTY("tomcat.*|jetty.*|spring-webmvc.*|" + Names.UNDERTOW + "|" + Names.JAKARTA),
    NOTHING("tomcat.*|jetty.*|spring-webmvc.*|" + Names.UNDERTOW + "|" + Names.JAKARTA + "|" + Names.REACTIVE);

    /** Names of jars. */
    private static final class Names {
        static final String UNDERTOW = "undertow.*|xnio.*|jboss.*|wildfly.*";
        static final String JAKARTA = "jakarta\\.(servlet|websocket).*";
        static final String REACTIVE = "spring-webflux.*|reactor-netty.*";
    }

    private final Pattern foreign;

    Kind(String foreign) {
        this.foreign = Pattern.compile(foreign);
    }

    /** Whether this test first lets it speak TLS: half of them, so that each client meets servers with and without. */
    boolean isSecure() {
        return this == TOMCAT || this == NETTY;
    }

    boolean isServer() {
        return this != NOTHING;
    }

    /** The node of this kind. */
    String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The class path of this test without what an application of this kind has not. */
    String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !foreign.matcher(new File(entry).getName()).matches())
                .collect(Collectors.joining(File.pathSeparator));
    }
}
