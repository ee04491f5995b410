package org.hatask.servers;

import java.util.concurrent.CompletableFuture;
import org.hatask.HaCluster;
import org.hatask.HaTask;
import org.hatask.Role;
import reactor.core.publisher.Mono;

/** Tasks that say where they are executed. */
class Desk {

    private final HaCluster cluster;

    Desk(HaCluster cluster) {
        this.cluster = cluster;
    }

    @HaTask
    public String where(String argument) {
        return here(argument);
    }

    /** What blocks is only found out when the task is subscribed to. */
    @HaTask
    public Mono<String> mono(String argument) {
        return Mono.fromCallable(() -> CompletableFuture.supplyAsync(() -> here(argument))
                        .join() + " on " + Thread.currentThread().getName().replaceAll("\\d+$", ""));
    }

    @HaTask(role = Role.MASTER)
    public String master() {
        return here("");
    }

    @HaTask
    public CompletableFuture<Void> forEver() {
        return new CompletableFuture<>();
    }

    private String here(String argument) {
        return cluster.self().id() + " got " + argument.length();
    }
}
