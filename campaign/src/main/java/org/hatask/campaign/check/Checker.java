package org.hatask.campaign.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.hatask.campaign.check.Finding.Rule;

/** Judges a history. Every rule is a function of the history alone. */
public final class Checker {

    /** Who wakes from a pause is interrupted by a watchdog that looks every 50 ms, and needs a processor for it. */
    static final Duration TO_STOP_AFTER_WAKING = Duration.ofMillis(500);

    /** For the last step of a method that does not listen, and for threads that wait for a processor. */
    static final Duration GRACE = Duration.ofSeconds(3);

    private static final Map<String, Duration> DEADLINES = Map.of(
            "write", Duration.ofSeconds(6),
            "hold", Duration.ofSeconds(6),
            "once", Duration.ofSeconds(4),
            "once-worker", Duration.ofSeconds(4),
            "again", Duration.ofSeconds(13));

    private static final Set<String> WITHOUT_RETRY = Set.of("write", "hold", "once", "once-worker");

    private Checker() {}

    /**
     * @param findings promises that were broken
     * @param tolerated what looks like it but lies within a bound that is stated, with its numbers
     */
    public record Verdict(List<Finding> findings, Tolerated tolerated) {}

    /**
     * @param falseCrashActs acts of a master that was deposed alive, before it had heard of it
     * @param longestFalseCrash the latest of them, after the first act of the new master
     * @param wokenSteps steps of attempts that woke in another epoch and had not been interrupted yet
     * @param longestWoken the latest of them, after waking
     * @param pausedAppends lines of the unfenced log whose writer was paused between the check and the line
     */
    public record Tolerated(
            int falseCrashActs, Duration longestFalseCrash, int wokenSteps, Duration longestWoken, int pausedAppends) {}

    public static Verdict check(History history) {
        Index index = new Index(history);
        List<Finding> findings = new ArrayList<>();
        findings.addAll(epochsGrow(index));
        findings.addAll(fencedOrder(index));
        Excuses excuses = new Excuses();
        findings.addAll(unfencedOrder(index, excuses));
        findings.addAll(noOverlap(index, excuses));
        findings.addAll(acknowledged(index));
        findings.addAll(atMostOnce(index));
        findings.addAll(answered(index));
        findings.addAll(healthy(history));
        return new Verdict(List.copyOf(findings), excuses.counted());
    }

    private static List<Finding> epochsGrow(Index index) {
        List<Finding> findings = new ArrayList<>();
        Map<Long, String> masters = new HashMap<>();
        for (ProcessLog process : index.history.processes()) {
            long last = 0;
            for (Event event : process.events()) {
                if (event.is("elected")) {
                    long epoch = Long.parseLong(event.id());
                    // The same one again is no change: its record was out of sight for a while.
                    if (epoch < last) {
                        findings.add(new Finding(
                                Rule.EPOCHS_GROW,
                                event.nanos(),
                                process.name() + " heard of epoch " + epoch + " after epoch " + last));
                    }
                    last = Math.max(last, epoch);
                } else if (event.is("gained") || event.is("begin")) {
                    long epoch = event.is("gained") ? Long.parseLong(event.id()) : event.epoch();
                    String other = masters.putIfAbsent(epoch, process.name());
                    if (other != null && !other.equals(process.name())) {
                        findings.add(new Finding(
                                Rule.EPOCHS_GROW,
                                event.nanos(),
                                "epoch " + epoch + " was held by " + other + " and by " + process.name()));
                    }
                }
            }
        }
        return findings;
    }

    private static List<Finding> fencedOrder(Index index) {
        List<Finding> findings = new ArrayList<>();
        Map<String, Long> written = new HashMap<>();
        index.events("written").forEach(event -> written.put(event.id(), event.nanos()));
        History.Row newest = null;
        for (History.Row row : index.history.fenced()) {
            if (newest != null && row.epoch() < newest.epoch()) {
                findings.add(new Finding(
                        Rule.FENCED_ORDER,
                        written.getOrDefault(row.id(), 0L),
                        "write " + row.id() + " of epoch " + row.epoch() + " by " + row.node() + " came after write "
                                + newest.id() + " of epoch " + newest.epoch() + " by " + newest.node()));
            } else {
                newest = row;
            }
        }
        return findings;
    }

    private static List<Finding> unfencedOrder(Index index, Excuses excuses) {
        List<Finding> findings = new ArrayList<>();
        long newest = 0;
        for (History.Append line : index.history.unfenced()) {
            newest = Math.max(newest, line.epoch());
            if (line.epoch() == newest) {
                continue;
            }
            long nanos = line.checkedNanos();
            boolean checkedInTime = nanos < index.newerSince(line.epoch());
            if (checkedInTime && index.frozeAfter(line.process(), nanos)) {
                excuses.pausedAppend();
            } else if (!checkedInTime && index.isFalseCrash(line.epoch(), nanos)) {
                excuses.falseCrash(nanos - index.newerSince(line.epoch()));
            } else {
                findings.add(new Finding(
                        Rule.UNFENCED_ORDER,
                        nanos,
                        line.process() + " appended " + line.id() + " of epoch " + line.epoch()
                                + " after a line of epoch " + newest));
            }
        }
        return findings;
    }

    private static List<Finding> noOverlap(Index index, Excuses excuses) {
        List<Finding> findings = new ArrayList<>();
        for (ProcessLog process : index.history.processes()) {
            for (Event event : process.events()) {
                boolean checked = event.is("checked");
                if (!checked && !event.is("busy")) {
                    continue;
                }
                long late = event.nanos() - index.newerSince(event.epoch());
                if (late <= 0) {
                    continue;
                }
                long awake = index.awakeFor(process.name(), event.nanos());
                if (index.isFalseCrash(event.epoch(), event.nanos())) {
                    excuses.falseCrash(late);
                } else if (!checked && awake <= TO_STOP_AFTER_WAKING.toNanos()) {
                    excuses.woken(awake);
                } else {
                    findings.add(new Finding(
                            Rule.NO_OVERLAP,
                            event.nanos(),
                            process.name() + " worked on " + event.id() + " under epoch " + event.epoch() + " "
                                    + late / 1_000_000 + " ms after a newer master's first act"
                                    + (checked ? ", and was told that it is master" : "")));
                }
            }
        }
        return findings;
    }

    private static List<Finding> acknowledged(Index index) {
        List<Finding> findings = new ArrayList<>();
        Set<String> rows = new HashSet<>();
        index.history.fenced().forEach(row -> rows.add(row.id()));
        index.events("return")
                .filter(event -> event.fields().get(1).equals("ok"))
                .forEach(event -> {
                    String task = index.task(event.id());
                    if (task.equals("write") && !rows.contains(event.id())) {
                        findings.add(new Finding(
                                Rule.ACKNOWLEDGED, event.nanos(), "write " + event.id() + " is not in the database"));
                    } else if (!index.startsOf.containsKey(event.id())) {
                        findings.add(new Finding(
                                Rule.ACKNOWLEDGED,
                                event.nanos(),
                                task + " " + event.id() + " succeeded but never ran"));
                    }
                });
        return findings;
    }

    private static List<Finding> atMostOnce(Index index) {
        List<Finding> findings = new ArrayList<>();
        Map<String, Integer> seen = new HashMap<>();
        BiConsumer<String, Long> count = (id, nanos) -> {
            int times = seen.merge(id, 1, Integer::sum);
            if (times > 1 && WITHOUT_RETRY.contains(index.task(id))) {
                findings.add(new Finding(
                        Rule.AT_MOST_ONCE, nanos, index.task(id) + " " + id + " was started " + times + " times"));
            }
        };
        index.events("run").forEach(event -> count.accept(event.id(), event.nanos()));
        index.events("begin").forEach(event -> count.accept(event.id(), event.nanos()));
        return findings;
    }

    private static List<Finding> answered(Index index) {
        List<Finding> findings = new ArrayList<>();
        for (ProcessLog process : index.history.processes()) {
            Map<String, Event> open = new HashMap<>();
            for (Event event : process.events()) {
                if (event.is("call")) {
                    open.put(event.id(), event);
                } else if (event.is("return")) {
                    Event call = open.remove(event.id());
                    String result = event.fields().get(1);
                    if (result.startsWith("untyped")) {
                        findings.add(new Finding(
                                Rule.ANSWERED,
                                event.nanos(),
                                index.task(event.id()) + " " + event.id() + " ended in " + result));
                    }
                    if (call != null) {
                        inTime(index, process, call, event.nanos(), "returned", findings);
                    }
                }
            }
            open.values().forEach(call -> inTime(index, process, call, process.lastNanos(), "was open", findings));
        }
        return findings;
    }

    private static void inTime(
            Index index, ProcessLog process, Event call, long until, String how, List<Finding> findings) {
        Duration deadline = DEADLINES.getOrDefault(index.task(call.id()), Duration.ZERO);
        long took = until - call.nanos();
        long frozen = index.frozenBetween(process.name(), call.nanos(), until);
        if (took - frozen > deadline.plus(GRACE).toNanos()) {
            findings.add(new Finding(
                    Rule.ANSWERED,
                    until,
                    index.task(call.id()) + " " + call.id() + " " + how + " after " + took / 1_000_000 + " ms, "
                            + frozen / 1_000_000 + " of them frozen; its deadline is " + deadline.toMillis() + " ms"));
        }
    }

    private static List<Finding> healthy(History history) {
        Duration health = history.health();
        Duration bound = history.sessionTimeout().multipliedBy(2);
        return health != null && health.compareTo(bound) <= 0
                ? List.of()
                : List.of(new Finding(
                        Rule.HEALTHY,
                        Long.MAX_VALUE,
                        health == null
                                ? "the cluster never became healthy"
                                : "it took " + health.toMillis() + " ms, more than " + bound.toMillis()));
    }

    /** Counts what is tolerated. */
    private static final class Excuses {

        private int falseCrashActs;
        private long longestFalseCrash;
        private int wokenSteps;
        private long longestWoken;
        private int pausedAppends;

        void falseCrash(long late) {
            falseCrashActs++;
            longestFalseCrash = Math.max(longestFalseCrash, late);
        }

        void woken(long awake) {
            wokenSteps++;
            longestWoken = Math.max(longestWoken, awake);
        }

        void pausedAppend() {
            pausedAppends++;
        }

        Tolerated counted() {
            return new Tolerated(
                    falseCrashActs,
                    Duration.ofNanos(longestFalseCrash),
                    wokenSteps,
                    Duration.ofNanos(longestWoken),
                    pausedAppends);
        }
    }
}
