package org.hatask.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.hatask.Balance;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.Outcome;
import org.hatask.link.NodeReport;
import org.hatask.link.NodeReport.RunningTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who gets how much, over 10,000 choices with a fixed seed. Prints a line beginning with FIGURE for each strategy. */
class StrategiesTest {

    private static final int CHOICES = 10_000;
    private static final Duration HEARTBEAT = Duration.ofSeconds(1);

    private final Random random = new Random(4711);
    private long nanos;
    private int localInFlight;
    private Node self = node("n1");
    private final NodeLoads loads = new NodeLoads(() -> self, () -> localInFlight, HEARTBEAT, () -> nanos);
    private final Strategies strategies = new Strategies(() -> self, loads, 4, true, random::nextInt);

    private static Node node(String id) {
        return node(id, id + "-a", 1, null);
    }

    private static Node node(String id, String incarnation, int weight, @Nullable String zone) {
        return new Node(
                id, incarnation, URI.create("http://" + id), NodeState.UP, true, true, weight, zone, Instant.EPOCH);
    }

    private static List<Node> nodes(int count) {
        return Stream.iterate(1, i -> i + 1)
                .limit(count)
                .map(i -> node("n" + i))
                .toList();
    }

    private Node choose(Balance balance, List<Node> candidates) {
        return strategies.choose(balance, "desk.price", null, candidates);
    }

    private Map<String, Integer> share(Balance balance, List<Node> candidates) {
        Map<String, Integer> share = new TreeMap<>();
        candidates.forEach(node -> share.put(node.id(), 0));
        for (int i = 0; i < CHOICES; i++) {
            share.merge(choose(balance, candidates).id(), 1, Integer::sum);
        }
        return figure(balance + " over " + candidates.size() + " nodes", share);
    }

    private static <T> T figure(String what, T figures) {
        System.out.println("FIGURE balance: " + what + ": " + figures);
        return figures;
    }

    @Test
    void roundRobinGivesEveryNodeTheSame() {
        assertThat(share(Balance.ROUND_ROBIN, nodes(5)).values()).containsOnly(2000);
    }

    @Test
    void roundRobinTurnsForEveryTaskByItself() {
        List<Node> candidates = nodes(2);
        Map<String, Integer> share = new TreeMap<>();
        for (int i = 0; i < 1000; i++) {
            share.merge(
                    "first on "
                            + strategies
                                    .choose(Balance.ROUND_ROBIN, "first", null, candidates)
                                    .id(),
                    1,
                    Integer::sum);
            share.merge(
                    "second on "
                            + strategies
                                    .choose(Balance.ROUND_ROBIN, "second", null, candidates)
                                    .id(),
                    1,
                    Integer::sum);
        }

        assertThat(figure("ROUND_ROBIN, two tasks in turn", share))
                .hasSize(4)
                .allSatisfy((who, count) -> assertThat(count).isEqualTo(500));
    }

    @Test
    void randomGivesEveryNodeAboutTheSame() {
        assertThat(share(Balance.RANDOM, nodes(5)).values())
                .allSatisfy(count -> assertThat(count).isCloseTo(2000, within(200)));
    }

    @Test
    void weightsOneTwoThreeGiveASixthAThirdAndAHalf() {
        List<Node> candidates = List.of(node("n1"), node("n2", "n2-a", 2, null), node("n3", "n3-a", 3, null));

        Map<String, Integer> share = share(Balance.WEIGHTED, candidates);

        assertThat(share.get("n1")).isCloseTo(1667, within(1));
        assertThat(share.get("n2")).isCloseTo(3333, within(1));
        assertThat(share.get("n3")).isCloseTo(5000, within(1));
    }

    @Test
    void weightedIsMixedAndNotInBlocks() {
        List<Node> candidates = List.of(node("n1", "n1-a", 5, null), node("n2"), node("n3"));
        List<String> chosen = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            chosen.add(choose(Balance.WEIGHTED, candidates).id());
        }

        assertThat(chosen).containsExactly("n1", "n1", "n2", "n1", "n3", "n1", "n1");
    }

    @Test
    void leastActiveGivesTheSlowNodeLess() {
        self = node("caller");
        List<Node> candidates = nodes(4);
        Map<String, Integer> share = new TreeMap<>();
        Map<String, Deque<CompletableFuture<Outcome>>> running = new HashMap<>();
        // Every tick three calls begin, n1..n3 finish up to two each, and n4 one only every third tick.
        for (int tick = 0; tick < CHOICES / 3; tick++) {
            for (int i = 0; i < 3; i++) {
                Node chosen = choose(Balance.LEAST_ACTIVE, candidates);
                share.merge(chosen.id(), 1, Integer::sum);
                CompletableFuture<Outcome> pending = new CompletableFuture<>();
                loads.track(chosen, pending);
                running.computeIfAbsent(chosen.id(), id -> new ArrayDeque<>()).add(pending);
            }
            for (Node node : candidates) {
                int finished = node.id().equals("n4") ? (tick % 3 == 0 ? 1 : 0) : 2;
                Deque<CompletableFuture<Outcome>> there = running.getOrDefault(node.id(), new ArrayDeque<>());
                for (int i = 0; i < finished && !there.isEmpty(); i++) {
                    there.remove().complete(new Outcome.Succeeded(null));
                }
            }
        }

        figure("LEAST_ACTIVE, n4 six times slower", share);
        assertThat(share.get("n4")).isLessThan(share.get("n1") / 2).isPositive();
        assertThat(List.of(share.get("n1"), share.get("n2"), share.get("n3")))
                .allSatisfy(count -> assertThat(count).isCloseTo(share.get("n1"), within(300)));
    }

    @Test
    void leastActiveWithoutAnyLoadGivesEveryNodeAboutTheSame() {
        assertThat(share(Balance.LEAST_ACTIVE, nodes(5)).values())
                .allSatisfy(count -> assertThat(count).isCloseTo(2000, within(200)));
    }

    @Test
    void aLoadIsTheOwnCallsAndThoseOfOthersUntilTheReportIsOld() {
        Node n2 = node("n2");
        CompletableFuture<Outcome> pending = new CompletableFuture<>();
        loads.track(n2, pending);
        loads.track(n2, CompletableFuture.completedFuture(new Outcome.Succeeded(null)));
        assertThat(loads.load(n2)).isEqualTo(1);

        loads.reported("n2", "n2-a", report(3, self.incarnation() + "-1", "n9-a-1", "n9-a-2"));
        assertThat(loads.load(n2)).isEqualTo(3);

        // Only half of the tasks are named: what is named stands for all.
        loads.reported("n2", "n2-a", report(400, self.incarnation() + "-1", "n9-a-1"));
        assertThat(loads.load(n2)).isEqualTo(201);

        nanos += HEARTBEAT.multipliedBy(3).toNanos();
        assertThat(loads.load(n2)).isEqualTo(1);
        pending.complete(new Outcome.Unknown("it died", false));
        assertThat(loads.load(n2)).isZero();
        localInFlight = 7;
        assertThat(loads.load(self)).isEqualTo(7);
    }

    @Test
    void processesThatAreGoneAreForgotten() {
        loads.reported("n2", "n2-a", report(3));
        loads.track(node("n2"), new CompletableFuture<>());

        loads.retainOnly(List.of(self));

        assertThat(loads.load(node("n2"))).isZero();
    }

    private static NodeReport report(int inFlight, String... taskIds) {
        return new NodeReport(
                0,
                0,
                0,
                0,
                inFlight,
                Stream.of(taskIds).map(id -> new RunningTask("x", id, 0)).toList(),
                null,
                List.of());
    }

    private static List<String> keys() {
        Random keys = new Random(17);
        return Stream.generate(() -> new UUID(keys.nextLong(), keys.nextLong()).toString())
                .limit(CHOICES)
                .toList();
    }

    private Map<String, String> owners(List<Node> candidates) {
        Map<String, String> owners = new HashMap<>();
        for (String key : keys()) {
            owners.put(
                    key,
                    strategies
                            .choose(Balance.CONSISTENT_HASH, "desk.price", key, candidates)
                            .id());
        }
        return owners;
    }

    @Test
    void whenOneOfFiveNodesIsLostExactlyItsKeysMoveAndTheyComeBackWithIt() {
        List<Node> all = nodes(5);
        List<Node> left = all.stream().filter(node -> !node.id().equals("n3")).toList();
        List<Node> back = all.stream()
                .map(node -> node.id().equals("n3") ? node("n3", "n3-restarted", 1, null) : node)
                .toList();

        Map<String, String> before = owners(all);
        Map<String, String> during = owners(left);
        Map<String, String> share = new TreeMap<>();
        Map<String, Integer> heirs = new TreeMap<>();
        int moved = 0;
        for (Node node : all) {
            share.put(
                    node.id(),
                    before.values().stream().filter(node.id()::equals).count() + " keys");
        }
        for (String key : before.keySet()) {
            if (!before.get(key).equals(during.get(key))) {
                assertThat(before.get(key)).isEqualTo("n3");
                heirs.merge(during.get(key), 1, Integer::sum);
                moved++;
            }
        }
        figure("CONSISTENT_HASH over 5 nodes", share);
        figure("CONSISTENT_HASH without n3", moved + " keys moved, to " + heirs);

        assertThat(share).allSatisfy((id, keys) -> assertThat(Integer.parseInt(keys.split(" ")[0]))
                .isCloseTo(2000, within(200)));
        assertThat(moved + " keys").isEqualTo(share.get("n3"));
        assertThat(heirs).hasSize(4).allSatisfy((id, keys) -> assertThat(keys)
                .isCloseTo(moved(share) / 4, within(120)));
        assertThat(owners(back)).isEqualTo(before);
    }

    private static int moved(Map<String, String> share) {
        return Integer.parseInt(String.valueOf(share.get("n3")).split(" ")[0]);
    }

    @Test
    void keysAreSharedByWeightAndAChangedWeightMovesKeysOnlyToThatNode() {
        List<Node> even = nodes(3);
        List<Node> heavier = List.of(even.get(0), even.get(1), node("n3", "n3-a", 2, null));

        Map<String, String> before = owners(even);
        Map<String, String> after = owners(heavier);

        long onHeavy = after.values().stream().filter("n3"::equals).count();
        figure("CONSISTENT_HASH with weights 1:1:2", onHeavy + " of " + CHOICES + " on n3");
        assertThat(onHeavy).isCloseTo(5000L, within(300L));
        assertThat(before).allSatisfy((key, owner) -> assertThat(after.get(key)).isIn(owner, "n3"));
    }

    /** Fixed values: another node, JVM or version must compute the same. */
    @Test
    void ownersOfKeysAreTheSameEverywhere() {
        List<Node> candidates = nodes(5);

        assertThat(Stream.of("", "a", "account-17", "Zürich", "😀").map(key -> strategies
                        .choose(Balance.CONSISTENT_HASH, "x", key, candidates)
                        .id()))
                .containsExactly("n3", "n2", "n5", "n2", "n5");
    }

    @Test
    void localFirstStaysHereUntilThisNodeIsBusyOrNoCandidate() {
        List<Node> candidates = nodes(4);

        assertThat(share(Balance.LOCAL_FIRST, candidates)).containsEntry("n1", CHOICES);
        localInFlight = 3;
        assertThat(choose(Balance.LOCAL_FIRST, candidates)).isEqualTo(self);

        localInFlight = 4;
        Map<String, Integer> busy = share(Balance.LOCAL_FIRST, candidates);
        figure("LOCAL_FIRST with 4 in flight here", busy);
        assertThat(busy.get("n1")).isZero();
        assertThat(busy.values().stream().filter(count -> count > 3000)).hasSize(3);

        localInFlight = 0;
        assertThat(share(Balance.LOCAL_FIRST, candidates.subList(1, 4)).values())
                .allSatisfy(count -> assertThat(count).isCloseTo(3333, within(300)));
    }

    @Test
    void nodesOfTheOwnZoneComeFirstWhileThereAreAny() {
        self = node("n1", "n1-a", 1, "east");
        Node n2 = node("n2", "n2-a", 1, "east");
        Node n3 = node("n3", "n3-a", 1, "west");
        Node n4 = node("n4", "n4-a", 1, null);

        assertThat(share(Balance.ROUND_ROBIN, List.of(self, n2, n3, n4)))
                .containsEntry("n1", CHOICES / 2)
                .containsEntry("n2", CHOICES / 2);
        assertThat(share(Balance.ROUND_ROBIN, List.of(n3, n4)))
                .containsEntry("n3", CHOICES / 2)
                .containsEntry("n4", CHOICES / 2);
    }

    @Test
    void theZoneMovesNoKeysAndCanBeSwitchedOff() {
        List<Node> candidates = Stream.of("n1", "n2", "n3", "n4")
                .map(id -> node(id, id + "-a", 1, id.equals("n1") ? "east" : "west"))
                .toList();
        Map<String, String> withoutZone = owners(candidates);
        self = candidates.get(0);
        Strategies indifferent = new Strategies(() -> self, loads, 4, false, random::nextInt);

        assertThat(owners(candidates)).isEqualTo(withoutZone);
        assertThat(choose(Balance.ROUND_ROBIN, candidates)).isEqualTo(self);
        assertThat(Stream.generate(() -> indifferent.choose(Balance.ROUND_ROBIN, "x", null, candidates))
                        .limit(4)
                        .distinct())
                .hasSize(4);
    }
}
