package org.hatask.sample.cluster;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.hatask.sample.cluster.Rotation.Target;

/** A node that answers what it is told to. */
final class FakeNode implements AutoCloseable {

    private final String id;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger calls = new AtomicInteger();
    private volatile int status = 200;
    private volatile String body = "{}";
    private volatile String ha = "{}";

    FakeNode(String id) throws IOException {
        this.id = id;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            calls.incrementAndGet();
            answer(exchange, status, body);
        });
        server.createContext("/actuator/ha", exchange -> answer(exchange, 200, ha));
        server.createContext("/actuator/health", exchange -> answer(exchange, 200, "{}"));
        server.start();
    }

    FakeNode answering(int newStatus, String newBody) {
        status = newStatus;
        body = newBody;
        return this;
    }

    FakeNode sayingOfTheCluster(String json) {
        ha = json;
        return this;
    }

    int calls() {
        return calls.get();
    }

    Target target() {
        return new Target(
                id, URI.create("http://127.0.0.1:" + server.getAddress().getPort()));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }
}
