package org.hatask.autoconfigure;

import java.net.InetAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.OneLine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.web.ServerProperties;
import org.springframework.boot.web.context.WebServerApplicationContext;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServer;
import org.springframework.cloud.commons.util.InetUtils;
import org.springframework.cloud.commons.util.InetUtilsProperties;
import org.springframework.context.ApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/** Who this node is: known from the start but for the port, which the web server tells. */
final class NodeIdentity {

    private static final Logger log = LoggerFactory.getLogger(NodeIdentity.class);
    private static final int LONGEST_VERSION = 64;

    private final HaProperties.NodeProperties properties;
    private final ApplicationContext context;
    private final String host;
    private final String incarnation = HexFormat.of().formatHex(randomBytes());
    private final Instant startedAt = Instant.now();
    private final String id;

    /**
     * @param connectString of ZooKeeper: where that is on this machine alone, so are the nodes
     */
    NodeIdentity(HaProperties.NodeProperties properties, String connectString, ApplicationContext context) {
        this.properties = properties;
        this.context = context;
        this.host = host(properties, connectString, context.getEnvironment());
        this.id = id(properties, context.getEnvironment());
    }

    private static byte[] randomBytes() {
        byte[] bytes = new byte[12];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }

    private static String host(HaProperties.NodeProperties properties, String connectString, Environment environment) {
        if (StringUtils.hasText(properties.host())) {
            return properties.host();
        }
        InetAddress bound = environment.getProperty("server.address", InetAddress.class);
        if (bound != null && !bound.isAnyLocalAddress()) {
            return bound.getHostAddress();
        }
        if (isLoopback(connectString)) {
            return "127.0.0.1";
        }
        try (InetUtils addresses = new InetUtils(new InetUtilsProperties())) {
            return addresses.findFirstNonLoopbackHostInfo().getIpAddress();
        }
    }

    private static boolean isLoopback(String connectString) {
        return Arrays.stream(connectString.replaceFirst("/.*", "").split(","))
                .map(server -> server.strip().replaceFirst(":\\d+$", ""))
                .allMatch(server -> server.equals("localhost") || server.startsWith("127.") || server.equals("[::1]"));
    }

    /**
     * With a random port, and where there is no web server to give one, no name is the same after a restart: so the incarnation is as
     * good as any.
     */
    private String id(HaProperties.NodeProperties properties, Environment environment) {
        if (StringUtils.hasText(properties.id())) {
            return properties.id();
        }
        String port = environment.getProperty("server.port", "8080");
        boolean named = context instanceof WebServerApplicationContext && !port.equals("0");
        return host.replaceAll("[^A-Za-z0-9._-]", "_") + ":" + (named ? port : incarnation.substring(0, 8));
    }

    String id() {
        return id;
    }

    /** This node before its web server listens. */
    Node provisional() {
        return node(URI.create("http://" + host), properties.masterEligible(), properties.acceptsTasks());
    }

    /** This node as others see it. Where nobody can reach it, it only calls. */
    Node complete() {
        WebServer server = context instanceof WebServerApplicationContext web ? web.getWebServer() : null;
        LinkDoor door = context.getBeanProvider(LinkDoor.class).getIfAvailable();
        String closed = whyClosed(server, door);
        if (closed != null || server == null || door == null) {
            String sentence = "Node {} only calls tasks on other nodes, executes none and is never master, since {}";
            if (properties.acceptsTasks()) {
                log.warn(sentence + ". If that is meant, say so with ha.node.accepts-tasks=false", id, closed);
            } else {
                log.info(sentence, id, closed);
            }
            return node(URI.create("http://" + bracketed(host)), false, false);
        }
        ServerProperties configured =
                context.getBeanProvider(ServerProperties.class).getIfAvailable();
        boolean tls = configured != null && Ssl.isEnabled(configured.getSsl());
        URI uri = URI.create((tls ? "https" : "http") + "://" + bracketed(host) + ":" + server.getPort() + door.path());
        return node(uri, properties.masterEligible(), properties.acceptsTasks());
    }

    private static @Nullable String whyClosed(@Nullable WebServer server, @Nullable LinkDoor door) {
        if (server == null || server.getPort() < 0) {
            return "it has no web server that listens: add spring-boot-starter-web or spring-boot-starter-webflux";
        }
        return door != null
                ? door.whyClosed(server)
                : "its web server " + server.getClass().getSimpleName()
                        + " accepts no links: use a servlet container with WebSocket support, or WebFlux on Netty"
                        + " (spring-boot-starter-reactor-netty)";
    }

    private static String bracketed(String host) {
        return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
    }

    private Node node(URI uri, boolean masterEligible, boolean acceptsTasks) {
        @Nullable String zone = properties.zone();
        return new Node(
                        id,
                        incarnation,
                        uri,
                        NodeState.UP,
                        masterEligible,
                        acceptsTasks,
                        properties.weight(),
                        zone,
                        startedAt)
                .withVersion(version());
    }

    /** Spring Boot takes it from the jar's manifest, unless it is set. */
    private @Nullable String version() {
        String version = context.getEnvironment().getProperty("spring.application.version");
        return StringUtils.hasText(version) ? OneLine.of(version, LONGEST_VERSION) : null;
    }
}
