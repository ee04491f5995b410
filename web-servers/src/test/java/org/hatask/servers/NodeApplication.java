package org.hatask.servers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.hatask.HaCluster;
import org.hatask.HaNode;
import org.hatask.TaskOutcomeUnknownException;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A node whose orders come in over its standard input, one a line, since not every kind has a web server. Each is answered by a
 * line that begins with {@link #ANSWER}. It ends with its input, and so with the test.
 */
@SpringBootConfiguration
@EnableAutoConfiguration
class NodeApplication {

    static final String ANSWER = "> ";

    @Bean
    Desk desk(HaCluster cluster) {
        return new Desk(cluster);
    }

    public static void main(String[] args) throws IOException {
        ConfigurableApplicationContext context = SpringApplication.run(NodeApplication.class, args);
        Map<String, Callable<String>> orders = orders(context.getBean(Desk.class), context.getBean(HaCluster.class));
        answer("started");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String order = in.readLine(); order != null; order = in.readLine()) {
            answer(carriedOut(orders.get(order)));
        }
        Runtime.getRuntime().halt(0);
    }

    private static Map<String, Callable<String>> orders(Desk desk, HaCluster cluster) {
        return Map.of(
                "where", () -> desk.where("x"),
                "large", () -> desk.where("x".repeat(1_000_000)),
                "mono", () -> desk.mono("x").block(),
                "master", desk::master,
                "uri", () -> cluster.self().uri().toString(),
                "wait", () -> waitEverywhere(desk),
                "where on an event loop", () -> onEventLoop(Mono.fromCallable(() -> desk.where("x"))),
                "mono on an event loop", () -> onEventLoop(desk.mono("x")),
                "members",
                        () -> cluster.members().size() + " of master "
                                + cluster.master().map(HaNode::id).orElse("none"));
    }

    /** Calls that do not end while their nodes live; each tells of the death of its own. */
    private static String waitEverywhere(Desk desk) {
        for (int i = 0; i < 4; i++) {
            CompletableFuture<Void> call = desk.forEver();
            call.whenComplete((nothing, error) -> answer("call ended: " + lastWords(error)));
        }
        return "called";
    }

    private static String lastWords(Throwable error) {
        return error instanceof TaskOutcomeUnknownException unknown
                ? "unknown on " + unknown.nodeId()
                : error.toString();
    }

    private static String onEventLoop(Mono<String> call) {
        return call.subscribeOn(Schedulers.parallel()).block();
    }

    private static String carriedOut(Callable<String> order) {
        try {
            return order.call();
        } catch (Exception e) {
            return e.toString();
        }
    }

    private static synchronized void answer(String text) {
        System.out.println(ANSWER + text);
    }
}
