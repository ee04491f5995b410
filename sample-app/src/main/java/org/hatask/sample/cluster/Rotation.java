package org.hatask.sample.cluster;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The nodes that callers may use, as a load balancer before the cluster would keep them: a node that cannot be reached is left
 * out until its health is up again. Thread-safe; one thread looks after the health.
 */
final class Rotation implements AutoCloseable {

    /** A node as a caller knows it. */
    record Target(String id, URI uri) {}

    private final List<Target> targets;
    private final Set<String> out = ConcurrentHashMap.newKeySet();
    private final DeskClient client = new DeskClient(Duration.ofSeconds(2));
    private final Thread health = new Thread(this::lookAfter, "rotation");

    Rotation(List<Target> targets) {
        this.targets = List.copyOf(targets);
        health.setDaemon(true);
        health.start();
    }

    /** The home node of that number, or the next one while that is out; empty while all are. */
    Optional<Target> pick(int home) {
        for (int i = 0; i < targets.size(); i++) {
            Target target = targets.get((home + i) % targets.size());
            if (!out.contains(target.id())) {
                return Optional.of(target);
            }
        }
        return Optional.empty();
    }

    void takeOut(Target target) {
        out.add(target.id());
    }

    boolean isIn(String id) {
        return !out.contains(id);
    }

    @Override
    public void close() {
        health.interrupt();
    }

    private void lookAfter() {
        while (!Thread.currentThread().isInterrupted()) {
            for (Target target : targets) {
                if (out.contains(target.id()) && client.isHealthy(target.uri())) {
                    out.remove(target.id());
                }
            }
            Waiting.pause(Duration.ofMillis(100));
        }
    }
}
