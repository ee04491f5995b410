package org.hatask.sample.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.hatask.sample.cluster.Rotation.Target;

/** Asks every node every 100 ms who is master, and remembers who was ever named for which epoch. Thread-safe. */
final class MasterWatch implements AutoCloseable {

    private static final Duration PERIOD = Duration.ofMillis(100);

    /**
     * Who was named master of an epoch, and when and by whom first.
     *
     * @param since when the master says that it began
     */
    record Sighting(long epoch, String master, Optional<Instant> since, Instant at, String seenBy) {}

    private record View(Instant at, Optional<Sighting> master, JsonNode body) {}

    private final List<Thread> watchers = new ArrayList<>();
    private final List<Target> targets;
    private final DeskClient client = new DeskClient(Duration.ofSeconds(2));
    private final Map<String, View> views = new ConcurrentHashMap<>();
    private final Set<String> contradicting = ConcurrentHashMap.newKeySet();
    private final SortedMap<Long, Sighting> first = new TreeMap<>();
    private final SortedMap<Long, Set<String>> masters = new TreeMap<>();
    private final Consumer<Sighting> onNewEpoch;

    MasterWatch(List<Target> targets, Consumer<Sighting> onNewEpoch) {
        this.targets = List.copyOf(targets);
        this.onNewEpoch = onNewEpoch;
        for (Target target : targets) {
            Thread watcher = new Thread(() -> watch(target), "watch-" + target.id());
            watcher.setDaemon(true);
            watchers.add(watcher);
            watcher.start();
        }
    }

    /** The master on which all these nodes agree at the moment. */
    Optional<Sighting> agreed(Set<String> nodes) {
        Sighting agreed = null;
        for (String node : nodes) {
            View view = views.get(node);
            if (view == null || view.at.isBefore(Instant.now().minusSeconds(2)) || view.master.isEmpty()) {
                return Optional.empty();
            }
            Sighting master = view.master.get();
            if (agreed != null && (agreed.epoch != master.epoch || !agreed.master.equals(master.master))) {
                return Optional.empty();
            }
            agreed = master;
        }
        return Optional.ofNullable(agreed);
    }

    /** The first sighting of every epoch, by epoch. */
    synchronized SortedMap<Long, Sighting> first() {
        return new TreeMap<>(first);
    }

    /** Who was ever named, by epoch; more than one name for an epoch is what must never be. */
    synchronized SortedMap<Long, Set<String>> masters() {
        return new TreeMap<>(masters);
    }

    /** The first sighting of a newer epoch than that. */
    synchronized Optional<Sighting> after(long epoch) {
        SortedMap<Long, Sighting> newer = first.tailMap(epoch + 1);
        return newer.isEmpty() ? Optional.empty() : Optional.of(newer.get(newer.firstKey()));
    }

    /** The history of the node that answered last, as it printed it. */
    List<String> history() {
        return views.values().stream()
                .max((a, b) -> a.at.compareTo(b.at))
                .map(view -> {
                    List<String> lines = new ArrayList<>();
                    view.body.path("history").forEach(entry -> lines.add(entry.toString()));
                    return lines;
                })
                .orElse(new ArrayList<>());
    }

    @Override
    public void close() {
        watchers.forEach(Thread::interrupt);
    }

    private void watch(Target target) {
        while (!Thread.currentThread().isInterrupted()) {
            client.ha(target.uri()).ifPresent(body -> see(target.id(), body));
            Waiting.pause(PERIOD);
        }
    }

    private void see(String by, JsonNode body) {
        Instant now = Instant.now();
        Optional<Sighting> master = sighting(body.path("master"), "id", now, by);
        views.put(by, new View(now, master, body));
        master.ifPresent(this::remember);
        for (JsonNode entry : body.path("history")) {
            // The history adds who was master, not when it was first seen.
            sighting(entry, "node", now, by).ifPresent(this::remember);
        }
        // Role and master may be read a moment apart; a claim that stays is a second master.
        String self = body.path("node").path("id").asText();
        boolean claims = "MASTER".equals(body.path("node").path("role").asText());
        boolean contradicts =
                claims && master.isPresent() && !master.get().master.equals(self);
        if (contradicts && !contradicting.add(by)) {
            remember(new Sighting(master.get().epoch, self, master.get().since, now, by));
        } else if (!contradicts) {
            contradicting.remove(by);
        }
    }

    private static Optional<Sighting> sighting(JsonNode named, String idField, Instant at, String by) {
        JsonNode id = named.path(idField);
        JsonNode epoch = named.path("epoch");
        return id.isTextual() && epoch.isNumber()
                ? Optional.of(new Sighting(epoch.asLong(), id.asText(), instant(named.path("since")), at, by))
                : Optional.empty();
    }

    private static Optional<Instant> instant(JsonNode text) {
        try {
            return text.isTextual() ? Optional.of(Instant.parse(text.asText())) : Optional.empty();
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    private void remember(Sighting sighting) {
        boolean isNew;
        synchronized (this) {
            isNew = first.putIfAbsent(sighting.epoch, sighting) == null;
            masters.computeIfAbsent(sighting.epoch, epoch -> new TreeSet<>()).add(sighting.master);
        }
        if (isNew) {
            onNewEpoch.accept(sighting);
        }
    }
}
