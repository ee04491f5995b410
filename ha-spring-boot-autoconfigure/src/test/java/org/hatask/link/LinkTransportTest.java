package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.hatask.RawHttp;
import org.hatask.cluster.Node;
import org.hatask.execute.CodecException;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real connections between nodes in one JVM, each with its own Tomcat. */
@Timeout(120)
class LinkTransportTest {

    private static final LinkSettings QUICK = TestNode.settings(Duration.ofSeconds(1), 32);

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable closeable : opened) {
            closeable.close();
        }
    }

    private TestNode start(String id) {
        return keep(TestNode.start(id));
    }

    private TestNode start(String id, LinkSettings settings) {
        return keep(TestNode.start(id, settings));
    }

    private <T extends AutoCloseable> T keep(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    @Test
    void callReachesTheOtherNodeAndItsResultComesBack() {
        TestNode a = start("a");
        TestNode b = start("b");

        assertThat(TestTasks.get(a.call(b, "hello"))).isEqualTo(new Outcome.Succeeded("hello"));

        assertThat(b.tasks.executed).singleElement().satisfies(attempt -> {
            assertThat(attempt.callerNode()).isEqualTo("a");
            assertThat(attempt.number()).isEqualTo(1);
            assertThat(attempt.epoch()).isEqualTo(7);
            assertThat(attempt.deadlineNanos() - System.nanoTime())
                    .isBetween(
                            Duration.ofSeconds(20).toNanos(),
                            Duration.ofSeconds(31).toNanos());
        });
    }

    @Test
    void whoCallsBackOpensALinkOfItsOwn() {
        TestNode a = start("a");
        TestNode b = start("b");
        TestTasks.get(a.call(b, "hello"));

        assertThat(TestTasks.get(b.call(a, "back"))).isEqualTo(new Outcome.Succeeded("back"));

        await().untilAsserted(() ->
                assertThat(b.transport.links()).extracting(LinkInfo::dialled).containsExactlyInAnyOrder(true, false));
        assertThat(TestTasks.get(b.call(a, "again"))).isEqualTo(new Outcome.Succeeded("again"));
        assertThat(TestTasks.get(a.call(b, "again"))).isEqualTo(new Outcome.Succeeded("again"));
        assertThat(b.transport.links()).hasSize(2);
    }

    @Test
    void everyOutcomeOfTheExecutorComesBackAsItIs() {
        TestNode a = start("a");
        TestNode b = start("b");
        AtomicReference<Outcome> there = new AtomicReference<>();
        b.tasks.behaviours.put("echo", (attempt, argument) -> CompletableFuture.completedFuture(there.get()));

        for (Outcome outcome : List.of(
                new Outcome.Refused(Refusal.BUSY, "queue is full", Duration.ofMillis(1234)),
                new Outcome.Refused(Refusal.STALE_EPOCH, "epoch 8"),
                new Outcome.Unknown("interrupted at its deadline", true),
                new Outcome.Cancelled())) {
            there.set(outcome);
            assertThat(TestTasks.get(a.call(b, "x"))).isEqualTo(outcome);
        }
        there.set(Outcome.Failed.of(new IllegalArgumentException("no such thing")));
        assertThat(TestTasks.get(a.call(b, "x")))
                .isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.error())
                        .hasMessage("b: no such thing"));
        there.set(new Outcome.Succeeded("unwritable"));
        assertThat(TestTasks.get(a.call(b, "x")))
                .isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.error())
                        .hasMessageContaining("cannot be written"));
    }

    @Test
    void aResultThatTakesItsTimeToBeReadHoldsUpNobodyElse() {
        TestNode a = start("a");
        TestNode b = start("b");
        CompletableFuture<Outcome> slow = a.call(b, "slow to read");
        Thread reader = new Thread(() -> TestTasks.get(slow));
        reader.start();
        await().atMost(Duration.ofSeconds(20))
                .until(() -> reader.getState() == Thread.State.TIMED_WAITING && slow.isDone());

        assertThat(TestTasks.get(a.call(b, "hello"))).isEqualTo(new Outcome.Succeeded("hello"));
        reader.interrupt();
    }

    @ParameterizedTest
    @ValueSource(strings = {"result", "answer"})
    void anErrorInTheCodeOfATypeLeavesNoCallWithoutAnAnswer(String where) {
        TestNode a = start("a");
        TestNode b = start("b");

        Outcome outcome = TestTasks.get(a.call(b, "error in " + where));

        switch (where) {
            case "result" -> assertThat(outcome).isInstanceOf(Outcome.Unknown.class);
            default -> assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        }
        assertThat(TestTasks.get(a.call(b, "hello"))).isEqualTo(new Outcome.Succeeded("hello"));
        assertThat(b.transport.links())
                .allSatisfy(link -> assertThat(link.serving()).isZero());
    }

    @Test
    void whatCannotBeExecutedIsRefusedAndNotStarted() {
        TestNode a = start("a");
        TestNode b = start("b");

        assertThat(TestTasks.get(a.transport.send(
                        b.node(),
                        TestTasks.attempt(TestTasks.task("other", "x"), "t", Duration.ofSeconds(5)),
                        new Object[] {"x"})))
                .isInstanceOfSatisfying(
                        Outcome.Refused.class, r -> assertThat(r.refusal()).isEqualTo(Refusal.UNKNOWN_TASK));
        assertThat(TestTasks.get(a.transport.send(
                        b.node(),
                        TestTasks.attempt(TestTasks.task("echo", "int(int)"), "t", Duration.ofSeconds(5)),
                        new Object[] {"x"})))
                .isInstanceOfSatisfying(
                        Outcome.Refused.class, r -> assertThat(r.refusal()).isEqualTo(Refusal.UNKNOWN_TASK));
        assertThat(TestTasks.get(a.transport.send(
                        b.node(), TestTasks.attempt(TestTasks.ECHO, "t", Duration.ofSeconds(-5)), new Object[] {"x"})))
                .isInstanceOfSatisfying(
                        Outcome.Refused.class, r -> assertThat(r.refusal()).isEqualTo(Refusal.TOO_LATE));
        assertThat(b.tasks.executed).isEmpty();
    }

    @Test
    void thousandConcurrentCallsFindTheirOwnAnswersOverOneLink() {
        TestNode a = start("a");
        TestNode b = start("b");
        b.tasks.behaviours.put(
                "echo", (attempt, argument) -> CompletableFuture.supplyAsync(() -> new Outcome.Succeeded(argument)));

        List<CompletableFuture<Outcome>> calls = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            calls.add(a.call(b, "value " + i));
        }

        for (int i = 0; i < 1000; i++) {
            assertThat(TestTasks.get(calls.get(i))).isEqualTo(new Outcome.Succeeded("value " + i));
        }
        await().untilAsserted(() -> {
            assertThat(a.transport.links()).singleElement().satisfies(link -> assertThat(link.pending())
                    .isZero());
            assertThat(b.transport.links()).singleElement().satisfies(link -> assertThat(link.serving())
                    .isZero());
        });
    }

    @Test
    void largeArgumentsAndResultsTravelInBothDirections() {
        TestNode a = start("a");
        TestNode b = start("b");
        String large = "0123456789abcdef".repeat(15 * 1024 * 1024 / 16);

        assertThat(TestTasks.get(a.call(b, large))).isEqualTo(new Outcome.Succeeded(large));
        assertThat(TestTasks.get(b.call(a, large))).isEqualTo(new Outcome.Succeeded(large));
    }

    @Test
    void whatIsTooLargeFailsWithTheNameOfTheLimitAndTheLinkLives() {
        TestNode a = start("a");
        TestNode b = start("b");
        String tooLarge = "x".repeat(16 * 1024 * 1024);

        assertThat(a.call(b, tooLarge))
                .failsWithin(Duration.ofSeconds(30))
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(CodecException.class)
                .withMessageContaining("ha.link.max-message-size");

        b.tasks.behaviours.put("echo", (attempt, argument) -> TestTasks.succeeded(tooLarge));
        assertThat(TestTasks.get(a.call(b, "x")))
                .isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.error())
                        .hasMessageContaining("ha.link.max-message-size"));
        b.tasks.behaviours.put("echo", (attempt, argument) -> TestTasks.succeeded(argument));
        assertThat(TestTasks.get(a.call(b, "x"))).isEqualTo(new Outcome.Succeeded("x"));
    }

    @Test
    void cancelledCallIsCancelledOnTheOtherNode() {
        TestNode a = start("a");
        TestNode b = start("b");
        b.tasks.behaviours.put("echo", (attempt, argument) -> new CompletableFuture<>());
        CompletableFuture<Outcome> call = a.transport.send(b.node(), TestTasks.attempt("task-1"), new Object[] {"x"});
        await().until(() -> b.tasks.executed.size() == 1);

        call.cancel(true);

        await().untilAsserted(() -> assertThat(b.tasks.cancelled).containsExactly("task-1#1"));
        assertThat(a.transport.links().get(0).pending()).isZero();
    }

    @Test
    void noPartOfAMessageWaitsUntilThePeerHasAcknowledgedTheOneBefore() {
        TestNode a = start("a");
        TestNode b = start("b");
        String large = "x".repeat(20_000);
        long start = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            assertThat(TestTasks.get(a.call(b, large))).isEqualTo(new Outcome.Succeeded(large));
        }
        // An acknowledgement alone takes 40 ms.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    }

    @Test
    void interruptedThreadsNeitherBreakTheLinkTheyCallOverNorTheOneTheyAnswerOver() {
        TestNode a = start("a");
        TestNode b = start("b");
        b.tasks.behaviours.put("echo", (attempt, argument) -> {
            CompletableFuture<Outcome> outcome = new CompletableFuture<>();
            new Thread(() -> {
                        Thread.currentThread().interrupt();
                        outcome.complete(new Outcome.Succeeded(argument));
                    })
                    .start();
            return outcome;
        });
        TestTasks.get(a.call(b, "x"));

        for (int i = 0; i < 20; i++) {
            Thread.currentThread().interrupt();
            CompletableFuture<Outcome> call = a.call(b, "y");
            assertThat(Thread.interrupted()).isTrue();
            assertThat(TestTasks.get(call)).isEqualTo(new Outcome.Succeeded("y"));
        }
        assertThat(a.transport.links()).hasSize(1);
    }

    @Test
    void pendingCallIsUnknownAtOnceWhenTheOtherServerStops() {
        // Long before anybody could miss a heartbeat.
        TestNode a = start("a", TestNode.settings(Duration.ofSeconds(20), 32));
        TestNode b = start("b", TestNode.settings(Duration.ofSeconds(20), 32));
        b.tasks.behaviours.put("echo", (attempt, argument) -> new CompletableFuture<>());
        CompletableFuture<Outcome> call = a.call(b, "x");
        await().until(() -> b.tasks.executed.size() == 1);

        b.stopServer();

        assertThat(call.orTimeout(15, TimeUnit.SECONDS).join()).isInstanceOf(Outcome.Unknown.class);
        awaitAvoided(a, b.node());
        assertThat(b.tasks.cancelled).isEmpty();
    }

    @Test
    void pendingCallIsUnknownAtOnceWhenTheOtherNodeCloses() {
        TestNode a = start("a");
        TestNode b = start("b");
        b.tasks.behaviours.put("echo", (attempt, argument) -> new CompletableFuture<>());
        CompletableFuture<Outcome> call = a.call(b, "x");
        await().until(() -> b.tasks.executed.size() == 1);

        b.transport.close();

        assertThat(TestTasks.get(call)).isInstanceOf(Outcome.Unknown.class);
    }

    @Test
    void silentPeerIsFoundOutAfterThreeHeartbeats() {
        TestNode a = start("a", QUICK);
        TestNode b = start("b", QUICK);
        FreezableProxy proxy = keep(new FreezableProxy(b.port()));
        Node behindProxy = TestNode.node(b.node(), proxy.port());
        b.tasks.behaviours.put("echo", (attempt, argument) -> new CompletableFuture<>());
        CompletableFuture<Outcome> sent = a.call(behindProxy, "x");
        await().until(() -> b.tasks.executed.size() == 1);

        proxy.freeze();
        String large = "x".repeat(12 * 1024 * 1024);
        CompletableFuture<Outcome> halfSent = a.call(behindProxy, large);
        CompletableFuture<Outcome> queued = a.call(behindProxy, large);

        assertThat(TestTasks.get(sent)).isEqualTo(new Outcome.Unknown("no sign of life from b for 3 s", false, 1));
        assertThat(TestTasks.get(halfSent)).isInstanceOf(Outcome.Unknown.class);
        assertThat(TestTasks.get(queued)).isEqualTo(new Outcome.NotSent("no sign of life from b for 3 s"));
        assertThat(a.transport.isReachable(behindProxy)).isFalse();
        assertThat(b.tasks.executed).hasSize(1);
    }

    @Test
    void silentPeerIsAvoidedAlsoWhereItOpenedALinkItself() {
        TestNode a = start("a", QUICK);
        TestNode b = start("b", QUICK);
        FreezableProxy toB = keep(new FreezableProxy(b.port()));
        FreezableProxy toA = keep(new FreezableProxy(a.port()));
        Node behindProxy = TestNode.node(b.node(), toB.port());
        // On a busy machine one of the two may have been silent for too long already when the other stands.
        await().until(() -> {
            TestTasks.get(b.call(TestNode.node(a.node(), toA.port()), "x"));
            TestTasks.get(a.call(behindProxy, "x"));
            return a.transport.links().size() == 2;
        });

        toA.freeze();
        toB.freeze();

        // Well before the patience with an accepted link ends, which is four times as long.
        await().atMost(Duration.ofSeconds(10)).until(() -> !a.transport.isReachable(behindProxy));
        assertThat(a.transport.links()).isEmpty();
    }

    @Test
    void whileASilentPeerIsTriedAgainNobodyElseWaitsForIt() {
        TestNode a = start("a", QUICK);
        TestNode b = start("b", QUICK);
        FreezableProxy proxy = keep(new FreezableProxy(b.port()));
        Node behindProxy = TestNode.node(b.node(), proxy.port());
        TestTasks.get(a.call(behindProxy, "x"));
        proxy.freeze();
        await().until(() -> !a.transport.isReachable(behindProxy));
        await().until(() -> a.transport.isReachable(behindProxy));

        CompletableFuture<Outcome> again = a.call(behindProxy, "y");

        assertThat(a.transport.isReachable(behindProxy)).isFalse();
        assertThat(TestTasks.get(again)).isInstanceOf(Outcome.NotSent.class);
    }

    @Test
    void fullQueueMeansNotSent() {
        TestNode a = start("a", TestNode.settings(Duration.ofSeconds(5), 32));
        TestNode b = start("b");
        FreezableProxy proxy = keep(new FreezableProxy(b.port()));
        Node behindProxy = TestNode.node(b.node(), proxy.port());
        TestTasks.get(a.call(behindProxy, "x"));
        proxy.freeze();
        String large = "x".repeat(14 * 1024 * 1024);

        List<CompletableFuture<Outcome>> calls = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            calls.add(a.call(behindProxy, large));
        }

        assertThat(TestTasks.get(calls.get(5)))
                .isInstanceOfSatisfying(Outcome.NotSent.class, notSent -> assertThat(notSent.reason())
                        .contains("congested"));
    }

    @Test
    void processThatWasPausedItselfDoesNotBlameItsPeers() {
        TestNode a = start("a");
        TestNode b = start("b");
        TestTasks.get(a.call(b, "x"));

        a.transport.tick(System.nanoTime() + Duration.ofSeconds(60).toNanos());

        assertThat(a.transport.links()).hasSize(1);
        assertThat(TestTasks.get(a.call(b, "y"))).isEqualTo(new Outcome.Succeeded("y"));
    }

    @Test
    void heartbeatsCarryTheNodesReportAndKeepAnIdleLinkOpen() {
        TestNode a = start("a", QUICK);
        TestNode b = start("b", QUICK);
        TestTasks.get(a.call(b, "x"));
        LinkInfo first = a.transport.links().get(0);

        await().untilAsserted(() -> {
            LinkInfo link = a.transport.links().get(0);
            assertThat(link.report()).isNotNull();
            assertThat(link.report().inFlight()).isEqualTo(1);
            assertThat(Duration.between(first.since(), link.lastSeen())).isGreaterThan(Duration.ofSeconds(4));
            assertThat(link.since()).isEqualTo(first.since());
        });
    }

    @Test
    void whereNobodyListensNothingIsSentAndForAWhileNobodyTries() throws IOException {
        TestNode a = start("a");
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        Node nobody = TestNode.node("b", free);
        assertThat(a.transport.isReachable(nobody)).isTrue();

        assertThat(TestTasks.get(a.call(nobody, "x"))).isInstanceOf(Outcome.NotSent.class);

        awaitAvoided(a, nobody);
        await().until(() -> a.transport.isReachable(nobody));
    }

    /** It is called in vain once more, for its pause may be over, and then left in peace. */
    private static void awaitAvoided(TestNode caller, Node target) {
        await().untilAsserted(() -> {
            assertThat(TestTasks.get(caller.call(target, "x"))).isInstanceOf(Outcome.NotSent.class);
            assertThat(caller.transport.isReachable(target)).isFalse();
            assertThat(caller.call(target, "x")).isCompletedWithValueMatching(o -> o instanceof Outcome.NotSent);
        });
    }

    @Test
    void whereNobodyAnswersTheDialEndsInTimeForAllThatWait() throws IOException {
        TestNode a = start("a", QUICK);
        ServerSocket mute = keep(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        Node silent = TestNode.node("b", mute.getLocalPort());

        CompletableFuture<Outcome> first = a.call(silent, "x");
        CompletableFuture<Outcome> second = a.call(silent, "x");

        assertThat(first).succeedsWithin(Duration.ofSeconds(20)).isInstanceOf(Outcome.NotSent.class);
        assertThat(second).succeedsWithin(Duration.ofSeconds(20)).isInstanceOf(Outcome.NotSent.class);
        assertThat(a.transport.isReachable(silent)).isFalse();
    }

    /** Its connections are closed one after the other, and the socket that it listens on may be the last. */
    @Test
    void anAttendedProcessThatStillAcceptsWhileItDiesIsFoundDeadWithoutWaitingForTheNextTick() throws Exception {
        TestNode a = start("a", TestNode.settings(Duration.ofHours(1), 32));
        ServerSocket dying = keep(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        dying.setSoTimeout(30_000);
        Node target = TestNode.node("b", dying.getLocalPort());
        CompletableFuture<Node> gone = new CompletableFuture<>();

        a.transport.attend(target, new LinkTransport.Attendant() {
            @Override
            public void gone(Node found) {
                gone.complete(found);
            }

            @Override
            public void reached(Node found) {
                gone.completeExceptionally(new AssertionError("reached"));
            }
        });
        for (int dial = 0; dial < 2; dial++) {
            Socket accepted = dying.accept();
            accepted.setSoLinger(true, 0);
            accepted.close();
        }
        dying.close();

        assertThat(gone).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(target);
    }

    @Test
    void nodesMeetInEveryStepOfAChangeOfKeys() {
        byte[] old = TestNode.KEY;
        byte[] next = "the key that comes after the first one".getBytes(StandardCharsets.US_ASCII);
        // The last pair skips a step: one node does not accept the old key any more, with which the other still begins.
        List<List<List<byte[]>>> steps = List.of(
                List.of(List.of(old), List.of(old, next)),
                List.of(List.of(old, next), List.of(next, old)),
                List.of(List.of(next, old), List.of(next)),
                List.of(List.of(old, next), List.of(next)));
        int id = 0;
        for (List<List<byte[]>> step : steps) {
            TestNode one = startWith("k" + id++, step.get(0));
            TestNode other = startWith("k" + id++, step.get(1));
            // First the way on which the skipped step would be missed: there is no link that could be used instead.
            assertThat(TestTasks.get(other.call(one, "x"))).isEqualTo(new Outcome.Succeeded("x"));
            assertThat(TestTasks.get(one.call(other, "y"))).isEqualTo(new Outcome.Succeeded("y"));
        }
    }

    private TestNode startWith(String id, List<byte[]> keys) {
        return keep(TestNode.start(id, "test", () -> keys, LinkSettings.defaults(), new TestTasks()));
    }

    @Test
    void strangersAreNotServed() {
        TestNode a = start("a");
        byte[] otherKey = "another key of at least thirty-two bytes".getBytes(StandardCharsets.US_ASCII);
        TestNode wrongKey =
                keep(TestNode.start("b", "test", () -> List.of(otherKey), LinkSettings.defaults(), new TestTasks()));
        TestNode wrongCluster = keep(
                TestNode.start("c", "else", () -> List.of(TestNode.KEY), LinkSettings.defaults(), new TestTasks()));
        TestNode noKey = keep(TestNode.start("d", "test", List::of, LinkSettings.defaults(), new TestTasks()));
        Node formerSelf = TestNode.node("a", start("e").port());

        for (Node target : List.of(wrongKey.node(), wrongCluster.node(), noKey.node(), formerSelf)) {
            awaitAvoided(a, target);
        }
        for (TestNode target : List.of(wrongKey, wrongCluster, noKey)) {
            assertThat(TestTasks.get(target.call(a, "x"))).isInstanceOf(Outcome.NotSent.class);
            assertThat(target.tasks.executed).isEmpty();
        }
        assertThat(a.tasks.executed).isEmpty();
        assertThat(a.transport.links()).isEmpty();
    }

    @Test
    void requestsThatTakeAllThreadsOfTheServerGetTheirAnswers() {
        TestNode a = start("a");
        TestNode b = start("b");
        TestTasks.get(b.call(a, "x"));
        a.onRequest(4, () -> String.valueOf(TestTasks.get(a.call(b, "y"))));

        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            answers.add(CompletableFuture.supplyAsync(() -> read(a, "/work"), task -> new Thread(task).start()));
        }

        assertThat(answers).allSatisfy(answer -> assertThat(answer)
                .succeedsWithin(Duration.ofSeconds(30))
                .isEqualTo("Succeeded[value=y]"));
    }

    private static String read(TestNode node, String path) {
        try (InputStream in = new URL("http://localhost:" + node.port() + "/app" + path).openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void nodeThatCannotBeReachedIsCalledOverTheLinkThatItOpened() throws IOException {
        TestNode a = start("a");
        TestNode b = start("b");
        TestTasks.get(b.call(a, "x"));
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        Node unreachable = TestNode.node(b.node(), free);

        assertThat(TestTasks.get(a.call(unreachable, "y"))).isEqualTo(new Outcome.Succeeded("y"));
        assertThat(TestTasks.get(a.call(unreachable, "z"))).isEqualTo(new Outcome.Succeeded("z"));
        assertThat(a.transport.isReachable(unreachable)).isTrue();
    }

    @Test
    void bothMayDialAtTheSameTime() {
        TestNode a = start("a");
        TestNode b = start("b");

        List<CompletableFuture<Outcome>> calls = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            calls.add(CompletableFuture.supplyAsync(() -> a.call(b, "x")).thenCompose(c -> c));
            calls.add(CompletableFuture.supplyAsync(() -> b.call(a, "x")).thenCompose(c -> c));
        }

        calls.forEach(call -> assertThat(TestTasks.get(call)).isEqualTo(new Outcome.Succeeded("x")));
        assertThat(a.transport.links()).hasSizeBetween(1, 2);
        assertThat(TestTasks.get(a.call(b, "y"))).isEqualTo(new Outcome.Succeeded("y"));
        assertThat(TestTasks.get(b.call(a, "y"))).isEqualTo(new Outcome.Succeeded("y"));
    }

    @Test
    void nodeThatGoesAwayGetsNoNewCallsAndFinishesTheOldOnes() {
        TestNode a = start("a");
        TestNode b = start("b");
        CompletableFuture<Outcome> result = new CompletableFuture<>();
        b.tasks.behaviours.put("echo", (attempt, argument) -> result);
        CompletableFuture<Outcome> running = a.call(b, "x");
        await().until(() -> b.tasks.executed.size() == 1);

        b.transport.goAway();

        await().until(() -> !a.transport.isReachable(b.node()));
        assertThat(TestTasks.get(a.call(b, "y"))).isEqualTo(new Outcome.NotSent("b is about to stop"));
        assertThat(TestTasks.get(b.call(a, "still allowed"))).isEqualTo(new Outcome.Succeeded("still allowed"));
        result.complete(new Outcome.Succeeded("done"));
        b.transport.close();
        assertThat(TestTasks.get(running)).isEqualTo(new Outcome.Succeeded("done"));
        assertThat(b.tasks.executed).hasSize(1);
    }

    @Test
    void linkToDepartedProcessIsClosedOnceNothingIsUnderWay() {
        TestNode a = start("a", QUICK);
        TestNode b = start("b", QUICK);
        CompletableFuture<Outcome> result = new CompletableFuture<>();
        b.tasks.behaviours.put("echo", (attempt, argument) -> result);
        CompletableFuture<Outcome> running = a.call(b, "x");
        await().until(() -> b.tasks.executed.size() == 1);

        a.transport.retainOnly(List.of(a.node()));
        await().pollDelay(Duration.ofMillis(700))
                .until(() -> a.transport.links().size() == 1);
        result.complete(new Outcome.Succeeded("done"));

        assertThat(TestTasks.get(running)).isEqualTo(new Outcome.Succeeded("done"));
        await().until(() -> a.transport.links().isEmpty());
        await().until(() -> b.transport.links().isEmpty());
    }

    @Test
    void requestThatIsNoLinkGetsAShortRefusal() throws IOException {
        TestNode a = start("a", TestNode.settings(Duration.ofSeconds(1), 32));
        String key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
        String upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n" + key;

        assertThat(request(a, "GET", "")).startsWith("HTTP/1.1 426").endsWith("\r\n\r\n");
        assertThat(request(a, "POST", upgrade + "Sec-WebSocket-Protocol: ha.v1\r\n"))
                .startsWith("HTTP/1.1 426");
        assertThat(request(a, "GET", upgrade)).startsWith("HTTP/1.1 400").endsWith("\r\n\r\n");
        assertThat(request(a, "GET", upgrade + "Sec-WebSocket-Protocol: ha.v9\r\n"))
                .startsWith("HTTP/1.1 400");
        assertThat(request(a, "GET", upgrade + "Sec-WebSocket-Protocol: ha.v1\r\n"))
                .startsWith("HTTP/1.1 101");
        // None of the refused ones keeps a place.
        assertThat(request(a, "GET", upgrade.replace("AAAA==", "") + "Sec-WebSocket-Protocol: ha.v1\r\n"))
                .startsWith("HTTP/1.1 400");
    }

    @Test
    void onlySoManyStrangersOfAnAddressMayBeUndecidedAndWhoHoldsTheKeyGetsInBesideThem() throws IOException {
        TestNode a = start("a", TestNode.settings(Duration.ofMillis(400), 8));
        TestNode b = start("b");
        String upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ha.v1\r\n";
        for (int i = 0; i < 2; i++) {
            Socket idle = keep(new Socket(InetAddress.getLoopbackAddress(), a.port()));
            assertThat(head(idle, "GET", upgrade)).startsWith("HTTP/1.1 101");
        }

        assertThat(request(a, "GET", upgrade)).startsWith("HTTP/1.1 429").contains("Connection: close");
        assertThat(TestTasks.get(b.call(a, "x"))).isEqualTo(new Outcome.Succeeded("x"));
        // Their time is over soon.
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(request(a, "GET", upgrade)).startsWith("HTTP/1.1 101"));
    }

    private static String request(TestNode node, String method, String headers) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.port())) {
            return head(socket, method, headers);
        }
    }

    /** Status line and headers of the answer. */
    private static String head(Socket socket, String method, String headers) throws IOException {
        socket.setSoTimeout(10_000);
        OutputStream out = socket.getOutputStream();
        out.write((method + " /app/ha/link HTTP/1.1\r\nHost: localhost\r\n" + headers + "Content-Length: 0\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        return RawHttp.head(socket.getInputStream());
    }
}
