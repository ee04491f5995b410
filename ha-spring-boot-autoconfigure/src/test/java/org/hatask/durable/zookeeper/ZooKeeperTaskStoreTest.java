package org.hatask.durable.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.hatask.TaskState;
import org.hatask.TaskStoreException;
import org.hatask.cluster.Mastership;
import org.hatask.durable.Lease;
import org.hatask.durable.StoreUnavailableException;
import org.hatask.durable.TaskJson;
import org.hatask.durable.TaskRecord;
import org.hatask.durable.TaskStore;
import org.hatask.zookeeper.LossyZooKeeper;
import org.hatask.zookeeper.LossyZooKeeper.Lost;
import org.hatask.zookeeper.LossyZooKeeper.LostSession;
import org.hatask.zookeeper.ZooKeeperClients;
import org.hatask.zookeeper.ZooKeeperSettings;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

@Timeout(120)
class ZooKeeperTaskStoreTest {

    private static final Mastership NO_MASTER = () -> 0;
    private static final Duration LEASE = Duration.ofSeconds(60);
    private static final Lease W1 = new Lease("a.1", "n1");
    private static final Lease W2 = new Lease("b.1", "n2");
    private static final Layout LAYOUT = new Layout(StoreScene.ROOT);

    private static StoreScene scene;

    /** Of the master of this moment. */
    private long epoch;

    private @Nullable LossyZooKeeper way;

    @BeforeAll
    static void startServer() throws Exception {
        scene = new StoreScene();
    }

    @AfterAll
    static void stopServer() throws Exception {
        scene.close();
    }

    @BeforeEach
    void empty() throws Exception {
        scene.empty();
        epoch = scene.raiseEpoch();
    }

    @AfterEach
    void closeWay() {
        if (way != null) {
            way.close();
        }
    }

    // Who may do what

    @Test
    void whatADeposedManagerWritesIsNotDone() throws Exception {
        long held = epoch;
        TaskStore deposed = node(() -> held);
        TaskStore other = node(NO_MASTER);
        other.register(W2.worker(), LEASE);
        TaskRecord waiting = submit(other, "mail", null);
        TaskRecord leased = changed(deposed, submit(deposed, "mail", null).leasedTo(W2));
        scene.raiseEpoch();
        assertThat(deposed.replace(List.of(waiting.leasedTo(W2), leased.givenBack(deposed.now()))))
                .containsExactly(false, false);
        other.register("b.2", Duration.ofMillis(1));
        await().atMost(StoreScene.BOUND).until(() -> deposed.workers().contains("b.2"));
        deposed.expire(deposed.now().plusSeconds(60));
        assertThat(other.renew("b.2", LEASE)).isTrue();
        assertThat(other.find(List.of(waiting.id(), leased.id()))).containsExactlyInAnyOrder(waiting, leased);
    }

    @Test
    void aNodeThatIsNotMasterGivesOutNothingAndTakesNothingFromOthers() {
        TaskStore master = node(() -> epoch);
        TaskStore other = node(NO_MASTER);
        master.register(W1.worker(), LEASE);
        TaskRecord waiting = submit(other, "mail", null);
        TaskRecord leased = changed(master, submit(master, "mail", null).leasedTo(W1));
        TaskRecord running = changed(
                master,
                changed(master, submit(master, "mail", null).leasedTo(W1)).started(master.now(), 0));
        assertThat(other.replace(List.of(
                        waiting.leasedTo(W2),
                        leased.givenBack(other.now()),
                        running.lost(other.now(), "gone", 3),
                        running.givenBack(other.now()))))
                .containsOnly(false);
        master.register("a.2", Duration.ofMillis(1));
        await().atMost(StoreScene.BOUND).until(() -> other.workers().contains("a.2"));
        other.expire(other.now().plusSeconds(60));
        assertThat(master.renew("a.2", LEASE)).isTrue();
    }

    @Test
    void everyNodeMayCancelAndWriteWhatBecomesOfItsOwnTasks() {
        TaskStore master = node(() -> epoch);
        TaskStore other = node(NO_MASTER);
        other.register(W2.worker(), LEASE);
        master.register(W1.worker(), LEASE);
        TaskRecord own = changed(master, submit(other, "mail", null).leasedTo(W2));
        TaskRecord done =
                changed(other, changed(other, own.started(other.now(), 0)).succeeded(other.now(), "1"));
        assertThat(done.state()).isEqualTo(TaskState.SUCCEEDED);
        TaskRecord leased = changed(master, submit(master, "mail", null).leasedTo(W1));
        assertThat(changed(other, leased.cancel(other.now())).state()).isEqualTo(TaskState.CANCELLED);
        TaskRecord running = changed(
                master,
                changed(master, submit(master, "mail", null).leasedTo(W1)).started(master.now(), 0));
        assertThat(changed(other, running.cancel(other.now())).cancelRequested())
                .isTrue();
        assertThat(changed(other, submit(other, "mail", null).cancel(other.now()))
                        .state())
                .isEqualTo(TaskState.CANCELLED);
    }

    @Test
    void theManagerJudgesALeaseByItsOwnClockAndByTheRenewalsThatItSees() {
        AtomicLong passed = new AtomicLong();
        ZooKeeperTaskStore master = new ZooKeeperTaskStore(
                StoreScene.access(scene.client(address(), Duration.ofSeconds(30))),
                () -> epoch,
                StoreScene.PATIENT,
                () -> TimeUnit.MILLISECONDS.toNanos(passed.get()));
        try (master) {
            TaskStore other = node(NO_MASTER);
            AtomicInteger told = new AtomicInteger();
            other.register("b.1", Duration.ofSeconds(10));
            other.register("b.2", Duration.ofSeconds(10));
            await().atMost(StoreScene.BOUND).until(() -> master.workers().size() == 2);
            passed.set(9_999);
            master.expire(master.now().plusSeconds(60));
            assertThat(master.workers()).hasSize(2);
            other.renew("b.1", Duration.ofSeconds(10));
            // What the master sees of this comes behind the renewal.
            master.addListener(told::incrementAndGet);
            submit(other, "mail", null);
            await().atMost(StoreScene.BOUND).until(() -> told.get() > 0);
            passed.set(10_000);
            master.expire(master.now().plusSeconds(60));
            assertThat(master.workers()).containsExactly("b.1");
            assertThat(other.renew("b.2", Duration.ofSeconds(10))).isFalse();
            // A longer lease than was known is honoured.
            other.renew("b.1", Duration.ofSeconds(100));
            passed.set(60_000);
            master.expire(master.now().plusSeconds(60));
            assertThat(master.workers()).containsExactly("b.1");
            passed.set(200_000);
            master.expire(master.now().plusSeconds(60));
            assertThat(master.workers()).isEmpty();
        }
    }

    @Test
    void theNextMasterFindsEverything() throws Exception {
        TaskStore former = node(() -> epoch);
        former.register(W1.worker(), LEASE);
        TaskRecord due = submit(former, "mail", "k");
        submit(former, "bill", null);
        TaskRecord held = changed(former, submit(former, "mail", null).leasedTo(W1));
        TaskRecord lost = changed(former, submit(former, "mail", null).leasedTo(W2));
        TaskRecord done = changed(former, submit(former, "mail", null).cancel(former.now()));
        former.pause("bill");
        former.close();
        long next = scene.raiseEpoch();
        TaskStore master = node(() -> next);
        assertThat(master.due(10)).containsExactly(due);
        assertThat(master.heldBy(W1.worker())).containsExactly(held);
        assertThat(master.abandoned(10)).containsExactly(lost);
        assertThat(master.find(List.of(done.id()))).containsExactly(done);
        assertThat(master.workers()).containsExactly(W1.worker());
        assertThat(master.paused()).containsExactly("bill");
        assertThat(submit(master, "mail", "k")).isEqualTo(due);
        assertThat(changed(master, lost.givenBack(master.now())).state()).isEqualTo(TaskState.PENDING);
    }

    // ZooKeeper comes and goes

    @Test
    void tasksSurviveARestartOfZooKeeper() throws Exception {
        try (StoreScene own = new StoreScene()) {
            long held = own.raiseEpoch();
            TaskStore store = own.patientStore(() -> held);
            store.register(W1.worker(), LEASE);
            TaskRecord waiting = submit(store, "mail", "k");
            TaskRecord leased = changed(store, submit(store, "mail", null).leasedTo(W1));
            own.server().restart();
            await().atMost(StoreScene.BOUND).ignoreExceptions().untilAsserted(() -> assertThat(
                            store.find(List.of(waiting.id(), leased.id())))
                    .containsExactlyInAnyOrder(waiting, leased));
            assertThat(store.renew(W1.worker(), LEASE)).isTrue();
            assertThat(submit(store, "mail", "k")).isEqualTo(waiting);
            assertThat(changed(store, leased.started(store.now(), 0)).state()).isEqualTo(TaskState.RUNNING);
        }
    }

    @ParameterizedTest
    @CsvSource({"REQUEST, false", "REQUEST, true", "ANSWER, false", "ANSWER, true"})
    void aSubmissionWhoseConnectionIsLostIsDoneOnce(Lost lost, boolean sessionEnds) throws Exception {
        CuratorFramework client = lossyClient();
        TaskStore store = scene.store(client, () -> epoch, StoreScene.PATIENT);
        submit(store, "mail", null);
        List<TaskRecord> tasks =
                List.of(task(store, "mail", "k1"), task(store, "mail", null), task(store, "bill", "k2"));
        List<TaskRecord> kept = losing(
                does -> does.stream()
                        .anyMatch(step -> step.contains(tasks.get(1).id())),
                lost,
                sessionEnds,
                client,
                () -> store.submit(tasks));
        assertThat(kept).extracting(record -> record.withVersion(0)).isEqualTo(tasks);
        TaskStore other = node(NO_MASTER);
        assertThat(other.counts().byState().get(TaskState.PENDING)).isEqualTo(4);
        assertThat(submit(other, "mail", "k1").id()).isEqualTo(tasks.get(0).id());
        assertThat(submit(other, "bill", "k2").id()).isEqualTo(tasks.get(2).id());
    }

    @ParameterizedTest
    @CsvSource({"REQUEST, false", "REQUEST, true", "ANSWER, false", "ANSWER, true"})
    void aChangeWhoseConnectionIsLostIsDoneOnce(Lost lost, boolean sessionEnds) throws Exception {
        CuratorFramework client = lossyClient();
        TaskStore store = scene.store(client, () -> epoch, StoreScene.PATIENT);
        TaskRecord task = submit(store, "mail", null);
        TaskRecord second = submit(store, "mail", null);
        String set = "set " + LAYOUT.task(task.id());
        List<Boolean> done = losing(
                does -> does.contains(set),
                lost,
                sessionEnds,
                client,
                () -> store.replace(List.of(task.leasedTo(W1), second.leasedTo(W1))));
        assertThat(done).containsExactly(true, true);
        assertThat(store.heldBy(W1.worker()))
                .containsExactlyInAnyOrder(
                        task.leasedTo(W1).withVersion(2), second.leasedTo(W1).withVersion(2));
        assertThat(node(NO_MASTER).heldBy(W1.worker())).hasSize(2);
    }

    @Test
    void aChangeThatIsNotDoneWhenTheConnectionIsBackIsRefusedIfAnotherCameFirst() throws Exception {
        CuratorFramework client = lossyClient();
        TaskStore store = scene.store(client, () -> epoch, StoreScene.PATIENT);
        TaskStore other = node(NO_MASTER);
        TaskRecord task = submit(store, "mail", null);
        CompletableFuture<LostSession> lost =
                way().lose(Lost.REQUEST, does -> does.contains("set " + LAYOUT.task(task.id())), true);
        CompletableFuture<List<Boolean>> answer =
                CompletableFuture.supplyAsync(() -> store.replace(List.of(task.leasedTo(W1))));
        lost.get(30, TimeUnit.SECONDS);
        TaskRecord cancelled = changed(other, task.cancel(other.now()));
        way().comeBack();
        assertThat(answer.get(60, TimeUnit.SECONDS)).containsExactly(false);
        assertThat(store.find(List.of(task.id()))).containsExactly(cancelled);
    }

    @Test
    void whatHappensWhileTheConnectionIsLostIsSeenAfterwards() throws Exception {
        CuratorFramework client = lossyClient();
        TaskStore store = scene.store(client, () -> epoch, StoreScene.PATIENT);
        TaskStore other = node(() -> epoch);
        TaskRecord changes = submit(store, "mail", null);
        TaskRecord goes = changed(store, submit(store, "mail", null).cancel(store.now()));
        store.register(W1.worker(), LEASE);
        way().stayAway();
        TaskRecord cancelled = changed(other, changes.cancel(other.now()));
        other.prune(other.now().plusSeconds(60), 10);
        TaskRecord comes = submit(other, "mail", null);
        other.release(W1.worker());
        other.pause("bill");
        way().comeBack();
        await().atMost(StoreScene.BOUND).ignoreExceptions().untilAsserted(() -> {
            assertThat(store.due(10)).containsExactly(comes);
            assertThat(store.workers()).isEmpty();
            assertThat(store.paused()).containsExactly("bill");
            assertThat(store.find(List.of(cancelled.id(), goes.id()))).isEmpty();
        });
    }

    @Test
    void everythingGoesOnWhenTheSessionHasEnded() throws Exception {
        CuratorFramework client = scene.client(address(), Duration.ofSeconds(3));
        TaskStore store = scene.store(client, () -> epoch, StoreScene.PATIENT);
        TaskStore other = node(NO_MASTER);
        store.register(W1.worker(), LEASE);
        TaskRecord before = submit(store, "mail", null);
        scene.endSession(client);
        TaskRecord after = submit(store, "mail", null);
        assertThat(store.renew(W1.worker(), LEASE)).isTrue();
        assertThat(store.find(List.of(before.id(), after.id()))).hasSize(2);
        TaskRecord others = submit(other, "mail", null);
        await().atMost(StoreScene.BOUND)
                .untilAsserted(() -> assertThat(store.due(10)).contains(others));
    }

    @Test
    void aStoreWithoutZooKeeperSaysSoWithinItsPatience() throws Exception {
        CuratorFramework client = lossyClient();
        TaskStore store = scene.store(client, NO_MASTER, impatient());
        TaskRecord known = submit(store, "mail", null);
        way().stayAway();
        await().atMost(StoreScene.BOUND).untilAsserted(() -> assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> store.due(10))
                .withMessageContaining("could not find tasks that are due within 2000 ms")
                .withMessageContaining("Nothing was done"));
        TaskRecord task = task(store, "mail", null); // The time is known still.
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> store.submit(List.of(task)))
                .withMessageContaining("could not record task mail " + task.id())
                .withMessageContaining("Nothing was done");
        way().comeBack();
        await().atMost(StoreScene.BOUND).ignoreExceptions().untilAsserted(() -> assertThat(
                        store.find(List.of(task.id(), known.id())))
                .containsExactly(known));
    }

    @Test
    void aSubmissionOfWhichNobodyKnowsSaysSoAndCanBeLookedUp() throws Exception {
        CuratorFramework client = lossyClient();
        TaskStore store = scene.store(client, NO_MASTER, impatient());
        submit(store, "mail", null);
        TaskRecord task = task(store, "mail", null);
        way().lose(Lost.ANSWER, does -> does.contains("create " + LAYOUT.task(task.id())), true);
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> store.submit(List.of(task)))
                .withMessageContaining(task.id())
                .withMessageContaining("It is not known whether it was done");
        way().comeBack();
        await().atMost(StoreScene.BOUND)
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(store.find(List.of(task.id()))).hasSize(1));
    }

    @Test
    void aStoreThatIsOpenedWithoutZooKeeperWorksWhenThatHasCome() throws Exception {
        CuratorFramework client = lossyClient();
        way().stayAway();
        TaskStore store = scene.store(client, NO_MASTER, impatient());
        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(store::now);
        way().comeBack();
        await().atMost(StoreScene.BOUND).ignoreExceptions().until(() -> store.now() != null);
        assertThat(submit(store, "mail", null).version()).isEqualTo(1);
    }

    @Test
    @Timeout(30)
    void whatSomebodyDeletesIsMadeAnew() throws Exception {
        TaskStore store = node(() -> epoch);
        submit(store, "mail", "k");
        for (int i = 0; i < 10; i++) {
            node(NO_MASTER).counts(); // All of them see what is missing, and must not come in the way.
        }
        scene.eye().delete().deletingChildrenIfNeeded().forPath(LAYOUT.tasks());
        scene.eye().delete().deletingChildrenIfNeeded().forPath(LAYOUT.keys());
        TaskRecord again = submit(store, "mail", "k");
        assertThat(submit(store, "mail", "k")).isEqualTo(again);
        store.register(W1.worker(), LEASE);
        store.pause("bill");
        assertThat(changed(store, again.leasedTo(W1)).state()).isEqualTo(TaskState.LEASED);
    }

    @Test
    void nothingIsWrittenWhileNothingHappens() throws Exception {
        TaskStore store = node(() -> epoch);
        TaskStore other = node(NO_MASTER);
        submit(store, "mail", null);
        await().atMost(StoreScene.BOUND).until(() -> other.due(1).size() == 1);
        // Connections that former tests have closed end first.
        await().atMost(StoreScene.BOUND)
                .untilAsserted(() -> assertThat(write() - write()).isEqualTo(-1));
        long before = write();
        await().pollDelay(Duration.ofSeconds(2))
                .until(() -> store.due(1).size() == 1 && other.due(1).size() == 1);
        store.expire(store.now().plusSeconds(60));
        assertThat(write()).isEqualTo(before + 1);
    }

    /** The number of this transaction. */
    private static long write() throws Exception {
        return scene.eye().setData().forPath(StoreScene.ROOT, new byte[0]).getMzxid();
    }

    // What is not as it should be

    @Test
    void recordsThatCannotBeReadAreLeftAsideAndTheOthersGoOn() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger(MirrorKeeper.class);
        ListAppender<ILoggingEvent> logged = new ListAppender<>();
        logged.start();
        logger.addAppender(logged);
        try {
            TaskStore store = node(() -> epoch);
            TaskRecord good = submit(store, "mail", null);
            TaskRecord broken = submit(store, "mail", "k");
            TaskRecord foreign = submit(store, "mail", null);
            scene.eye().setData().forPath(LAYOUT.task(broken.id()), "{\"id\":".getBytes(StandardCharsets.UTF_8));
            scene.eye().setData().forPath(LAYOUT.task(foreign.id()), TaskJson.write(good));
            put("huge", new byte[1_000_000]);
            put("empty", new byte[0]);
            put("deep", "[".repeat(100_000).getBytes(StandardCharsets.UTF_8));
            put("null", "null".getBytes(StandardCharsets.UTF_8));
            put("runs-in-no-attempt", runsInNoAttempt("runs-in-no-attempt"));
            scene.eye().create().forPath(LAYOUT.bucketPath("00") + "/-in-another-bucket-", new byte[0]);
            scene.eye().create().forPath(LAYOUT.pausedTask("x") + "%", new byte[0]);
            scene.eye().create().forPath(LAYOUT.task(good.id()) + "/child", new byte[0]);
            scene.eye().create().forPath(LAYOUT.worker("no-number"), "?".getBytes(StandardCharsets.UTF_8));
            await().atMost(StoreScene.BOUND)
                    .untilAsserted(() -> assertThat(store.counts().unreadable()).isEqualTo(7));
            TaskStore next = node(() -> epoch);
            for (TaskStore each : List.of(store, next)) {
                assertThat(each.counts().unreadable()).isEqualTo(7);
                assertThat(each.abandoned(10)).isEmpty();
                assertThat(each.counts().byState().get(TaskState.PENDING)).isEqualTo(1);
                assertThat(each.due(10)).containsExactly(good);
                assertThat(each.find(List.of(broken.id(), foreign.id(), "huge")))
                        .isEmpty();
                assertThat(each.find(List.of("a/b", "..", "", "\u0000"))).isEmpty();
                assertThat(each.replace(List.of(broken.cancel(each.now())))).containsExactly(false);
                assertThatExceptionOfType(TaskStoreException.class)
                        .isThrownBy(() -> submit(each, "mail", "k"))
                        .withMessageContaining("cannot be read");
            }
            assertThat(changed(store, good.cancel(store.now())).state()).isEqualTo(TaskState.CANCELLED);
            scene.eye().setData().forPath(LAYOUT.task(broken.id()), TaskJson.write(broken));
            scene.eye().delete().forPath(LAYOUT.task("huge"));
            await().atMost(StoreScene.BOUND)
                    .untilAsserted(() -> assertThat(store.counts().unreadable()).isEqualTo(5));
            assertThat(store.due(10)).extracting(TaskRecord::id).containsExactly(broken.id());
            assertThat(logged.list.stream()
                            .map(ILoggingEvent::getFormattedMessage)
                            .filter(message -> message.contains(LAYOUT.task(foreign.id()))))
                    .hasSize(2); // One for each node.
        } finally {
            logger.detachAppender(logged);
        }
    }

    /** Whoever took it from its node, which is gone, would find no attempt to end. */
    private static byte[] runsInNoAttempt(String id) {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        TaskRecord leased = TaskRecord.submitted(id, "mail", "()void", "[]", now, "n1", null, Duration.ZERO, null, 1)
                .leasedTo(new Lease("gone.1", "n9"));
        return new String(TaskJson.write(leased), StandardCharsets.UTF_8)
                .replace("LEASED", "RUNNING")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Whoever put it there has his own digest. */
    @Test
    void aTaskThatMayNotBeReadIsLeftAsideAndTheOthersGoOn() throws Exception {
        TaskRecord good = submit(node(NO_MASTER), "mail", null);
        scene.eye()
                .create()
                .withACL(List.of(new ACL(ZooDefs.Perms.ALL, new Id("digest", "x:" + "A".repeat(27) + "="))))
                .forPath(LAYOUT.task("foreign"), new byte[0]);

        try {
            TaskStore next = node(() -> epoch);

            assertThat(next.due(10)).containsExactly(good);
            assertThat(next.counts().unreadable()).isEqualTo(1);
            assertThat(changed(next, good.cancel(next.now())).state()).isEqualTo(TaskState.CANCELLED);
        } finally {
            scene.eye().delete().forPath(LAYOUT.task("foreign"));
        }
    }

    @Test
    void aTaskThatJustFitsCanAlsoEndWithAllThatItSaidOfItself() {
        TaskStore store = node(() -> epoch);
        TaskRecord largest = null;
        for (int length = 7000; ; length++) {
            TaskRecord next = TaskRecord.submitted(
                    "largest",
                    "mail",
                    "()void",
                    "[\"" + "x".repeat(length) + "\"]",
                    store.now(),
                    "n1",
                    null,
                    Duration.ZERO,
                    null,
                    1);
            if (!store.fits(next)) {
                break;
            }
            largest = next;
        }
        store.register(W1.worker(), LEASE);
        TaskRecord running = changed(
                store,
                changed(store, store.submit(List.of(largest)).get(0).leasedTo(W1))
                        .started(store.now(), 0));
        TaskRecord done = running.reported("€".repeat(200), null).succeeded(store.now(), "");

        assertThat(store.fits(done)).isTrue();
        assertThat(changed(store, done).state()).isEqualTo(TaskState.SUCCEEDED);
    }

    @Test
    void aKeyWhoseTaskIsGoneStandsForNothing() throws Exception {
        TaskStore store = node(NO_MASTER);
        TaskRecord first = submit(store, "mail", "k");
        scene.eye().delete().forPath(LAYOUT.task(first.id()));
        TaskRecord second = submit(store, "mail", "k");
        assertThat(second.id()).isNotEqualTo(first.id());
        assertThat(submit(store, "mail", "k")).isEqualTo(second);
    }

    @Test
    void ofALargeSubmissionThatIsRefusedHalfwayNobodySaysThatNothingIsKept() throws Exception {
        TaskStore store = node(NO_MASTER);
        TaskRecord broken = submit(store, "mail", "k");
        scene.eye().setData().forPath(LAYOUT.task(broken.id()), new byte[0]);
        await().atMost(StoreScene.BOUND).until(() -> store.counts().unreadable() == 1);
        List<TaskRecord> tasks = IntStream.range(0, 200)
                .mapToObj(i -> task(store, "mail", i == 199 ? "k" : null))
                .toList();
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> store.submit(tasks))
                .withMessageContaining("cannot be read")
                .withMessageContaining("Others submitted with it may have been");
        assertThat(store.find(tasks.stream().map(TaskRecord::id).toList())).hasSize(150);
    }

    @Test
    void clustersWithOtherPasswordsShareAServer() throws Exception {
        try (StoreScene own = new StoreScene()) {
            // Whoever comes first makes the node that both need.
            for (String cluster : List.of("one", "two")) {
                ZooKeeperClients clients = new ZooKeeperClients(new ZooKeeperSettings(
                        cluster,
                        "127.0.0.1:" + own.server().getPort(),
                        Duration.ofSeconds(3),
                        Duration.ofMillis(200),
                        Duration.ofSeconds(1),
                        cluster + ":secret"));
                try (clients;
                        ZooKeeperTaskStore store = new ZooKeeperTaskStore(
                                clients.access(), NO_MASTER, StoreScene.PATIENT, System::nanoTime)) {
                    clients.start();
                    assertThat(submit(store, "mail", null).version()).isEqualTo(1);
                }
            }
        }
    }

    // Limits

    @Test
    void noMoreThanSoManyTasksAreOpen() {
        StoreLimits limits = new StoreLimits(8 * 1024, 10, 10, 100, 1_000, StoreScene.BOUND);
        TaskStore store = scene.store(scene.server().getPort(), NO_MASTER, limits);
        List<TaskRecord> tasks = store.submit(
                IntStream.range(0, 10).mapToObj(i -> task(store, "mail", null)).toList());
        assertThatExceptionOfType(TaskStoreException.class)
                .isThrownBy(() -> submit(store, "mail", null))
                .withMessageContaining("Task mail was not recorded")
                .withMessageContaining("has 10 tasks that have not ended, and takes 10")
                .withMessageContaining("ha.task-store.type=jdbc");
        changed(store, tasks.get(0).cancel(store.now()));
        submit(store, "mail", null);
    }

    @Test
    void theOldestThatHaveEndedAreForgottenWhenThereAreTooMany() {
        StoreLimits limits = new StoreLimits(8 * 1024, 10, 3, 100, 1_000, StoreScene.BOUND);
        TaskStore store = scene.store(scene.server().getPort(), NO_MASTER, limits);
        List<TaskRecord> tasks = store.submit(IntStream.range(0, 8)
                .mapToObj(i -> task(store, "mail", "k" + i))
                .toList());
        for (int i = 0; i < 8; i++) {
            changed(store, tasks.get(i).cancel(store.now().plusSeconds(i)));
        }
        assertThat(store.prune(store.now().minusSeconds(3600), 100)).isEqualTo(5);
        assertThat(store.find(tasks.stream().map(TaskRecord::id).toList()))
                .extracting(TaskRecord::id)
                .containsExactlyInAnyOrder(
                        tasks.get(5).id(), tasks.get(6).id(), tasks.get(7).id());
        assertThat(submit(store, "mail", "k0").id()).isNotEqualTo(tasks.get(0).id());
    }

    @Test
    void whoSubmitsTooManyIsToldToChooseAnotherStore() {
        StoreLimits limits = new StoreLimits(8 * 1024, 1_000, 10, 1, 5, StoreScene.BOUND);
        TaskStore store = scene.store(scene.server().getPort(), NO_MASTER, limits);
        assertThatExceptionOfType(TaskStoreException.class)
                .isThrownBy(() -> store.submit(IntStream.range(0, 100)
                        .mapToObj(i -> task(store, "mail", null))
                        .toList()))
                .withMessageContaining("100 tasks were not recorded")
                .withMessageContaining("takes 1 submissions a second from a node, and 5 at once")
                .withMessageContaining("ha.task-store.type=jdbc");
        assertThat(store.counts().byState().get(TaskState.PENDING)).isZero();
        submit(store, "mail", null);
    }

    @Test
    void whoeverSubmitsATaskThatIsTooLargeIsToldToChooseAnotherStore() {
        TaskStore store = node(NO_MASTER);
        TaskRecord small = task(store, "mail", null);
        TaskRecord large = TaskRecord.submitted(
                UUID.randomUUID().toString(),
                "mail",
                "s",
                "[\"" + "x".repeat(8 * 1024) + "\"]",
                store.now(),
                "n1",
                null,
                Duration.ZERO,
                null,
                3);
        assertThat(store.fits(large)).isFalse();
        assertThatExceptionOfType(TaskStoreException.class)
                .isThrownBy(() -> store.submit(List.of(small, large)))
                .withMessageContaining("Task mail was not recorded")
                .withMessageContaining("takes 8192")
                .withMessageContaining("ha.task-store.type=jdbc");
        assertThat(store.find(List.of(small.id(), large.id()))).isEmpty();
    }

    @Test
    void attemptsDoNotMakeARecordTooLarge() {
        TaskStore store = node(() -> epoch);
        store.register(W1.worker(), LEASE);
        TaskRecord task = TaskRecord.submitted(
                UUID.randomUUID().toString(),
                "mail",
                "s",
                "[\"" + "x".repeat(7_600) + "\"]",
                store.now(),
                "n1",
                null,
                Duration.ZERO,
                null,
                100);
        assertThat(store.fits(task)).isTrue();
        TaskRecord current = store.submit(List.of(task)).get(0);
        for (int i = 0; i < 30; i++) {
            current = changed(store, current.leasedTo(W1));
            current = changed(store, current.started(store.now(), 0));
            current = changed(store, current.lost(store.now(), "ü".repeat(500), 0));
        }
        assertThat(current.attempts()).hasSize(TaskRecord.MAX_ATTEMPTS_KEPT);
    }

    @Test
    void manyTasksAreHandledAtOnce() {
        TaskStore store = node(() -> epoch);
        store.register(W1.worker(), LEASE);
        List<TaskRecord> tasks = store.submit(IntStream.range(0, 1_000)
                .mapToObj(i -> task(store, "mail", null))
                .toList());
        assertThat(store.due(2_000)).hasSize(1_000);
        assertThat(store.replace(tasks.stream().map(task -> task.leasedTo(W1)).toList()))
                .containsOnly(true);
        assertThat(store.heldBy(W1.worker())).hasSize(1_000);
    }

    // Help

    private static TaskStore node(Mastership mastership) {
        return scene.patientStore(mastership);
    }

    private static String address() {
        return "127.0.0.1:" + scene.server().getPort();
    }

    private static StoreLimits impatient() {
        return new StoreLimits(8 * 1024, 10_000, 10_000, 100, 1_000, Duration.ofSeconds(2));
    }

    /** A client whose way can be cut. */
    private CuratorFramework lossyClient() {
        way = new LossyZooKeeper(scene.server().getPort(), "");
        String address = "127.0.0.1:" + way.port();
        return scene.client(address + "," + address, Duration.ofSeconds(3));
    }

    private LossyZooKeeper way() {
        return java.util.Objects.requireNonNull(way);
    }

    private interface Action<T> {
        T run();
    }

    /** Does it, and loses the connection in the middle. */
    private <T> T losing(
            Predicate<List<String>> which, Lost lost, boolean sessionEnds, CuratorFramework client, Action<T> action)
            throws Exception {
        CompletableFuture<LostSession> sprung = way().lose(lost, which, sessionEnds);
        CompletableFuture<T> result = CompletableFuture.supplyAsync(action::run);
        sprung.get(30, TimeUnit.SECONDS);
        if (sessionEnds) {
            scene.endSession(client);
            way().comeBack();
        }
        return result.get(60, TimeUnit.SECONDS);
    }

    private static void put(String id, byte[] content) throws Exception {
        scene.eye().create().forPath(LAYOUT.task(id), content);
    }

    private static TaskRecord submit(TaskStore store, String name, @Nullable String key) {
        return store.submit(List.of(task(store, name, key))).get(0);
    }

    private static TaskRecord task(TaskStore store, String name, @Nullable String key) {
        return TaskRecord.submitted(
                UUID.randomUUID().toString(), name, "s", "[]", store.now(), "n1", key, Duration.ZERO, null, 3);
    }

    /** Makes the change, which must not be refused. */
    private static TaskRecord changed(TaskStore store, TaskRecord changed) {
        assertThat(store.replace(List.of(changed))).containsExactly(true);
        return store.find(List.of(changed.id())).get(0);
    }
}
