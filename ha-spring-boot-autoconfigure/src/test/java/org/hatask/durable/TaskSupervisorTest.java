package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.spy;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.hatask.TaskReassignedEvent;
import org.hatask.TaskState;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Orders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of the tasks of a node that dies between any two steps of theirs. */
@Timeout(60)
class TaskSupervisorTest {

    private static final Node SELF = node("a", NodeState.UP);
    private static final Node OTHER = node("b", NodeState.UP);

    private static final Duration RETENTION = Duration.ofDays(1);

    private final SettableClock clock = new SettableClock();
    private final MemoryTaskStore store = spy(new MemoryTaskStore(clock, 1000));
    private final WorkerLease lease =
            new WorkerLease(store, SELF.incarnation(), Duration.ofMinutes(1), System::nanoTime, () -> {});
    private final List<TaskReassignedEvent> events = new ArrayList<>();
    private final AtomicInteger changed = new AtomicInteger();
    private final ClusterState cluster = new ClusterState(SELF, Runnable::run);
    private final AtomicLong nanos = new AtomicLong();
    private final TaskSupervisor supervisor =
            new TaskSupervisor(store, () -> 0, lease, RETENTION, nanos::get, events::add, changed::incrementAndGet);

    private static Node node(String id, NodeState state) {
        return new Node(id, "incarnation-" + id, URI.create("http://" + id), state, true, true, 1, null, Instant.EPOCH);
    }

    @BeforeEach
    void join() {
        cluster.addListener(supervisor);
        cluster.setMembers(List.of(SELF, OTHER), Orders.NONE);
        lease.start();
        await().until(lease::isHeld);
    }

    @AfterEach
    void leave() {
        lease.release();
    }

    private static String workerOf(Node node) {
        return node.incarnation() + ".1";
    }

    private TaskRecord leased(String id, int maxAttempts) {
        store.register(workerOf(OTHER), Duration.ofMinutes(1));
        store.submit(List.of(TaskRecord.submitted(
                id, "task", "()void", "[]", store.now(), "a", null, Duration.ZERO, null, maxAttempts)));
        return change(task(id).leasedTo(new Lease(workerOf(OTHER), "b")));
    }

    private TaskRecord running(String id, int maxAttempts) {
        return change(leased(id, maxAttempts).started(store.now(), 0));
    }

    private TaskRecord change(TaskRecord changed) {
        assertThat(store.replace(List.of(changed))).containsExactly(true);
        return task(changed.id());
    }

    private TaskRecord task(String id) {
        return store.find(List.of(id)).get(0);
    }

    private void die(Node node) {
        cluster.setMembers(
                cluster.view().members().stream()
                        .filter(member -> !member.isSameProcessAs(node))
                        .toList(),
                Orders.NONE);
        supervisor.supervise();
    }

    @Test
    void taskThatHadNotBegunIsGivenToOthersWhateverItsRetry() {
        leased("t", 1);

        die(OTHER);

        assertThat(task("t").state()).isEqualTo(TaskState.PENDING);
        assertThat(task("t").attempts()).isEmpty();
        assertThat(events).containsExactly(new TaskReassignedEvent("task", "t", "b", TaskState.PENDING));
        assertThat(changed).hasValue(1);
    }

    @Test
    void taskThatMayHaveBegunRunsAgainOnlyWithRetry() {
        running("again", 2);
        running("once", 1);

        die(OTHER);

        assertThat(task("again").state()).isEqualTo(TaskState.PENDING);
        assertThat(task("once").state()).isEqualTo(TaskState.FAILED);
        assertThat(task("once").failure()).extracting(TaskFailure::kind).isEqualTo(TaskFailure.Kind.OUTCOME_UNKNOWN);
    }

    @Test
    void taskWhoseEndWasWrittenIsLeftAlone() {
        TaskRecord done = change(running("t", 2).succeeded(store.now(), "1"));

        die(OTHER);

        assertThat(task("t")).isEqualTo(done);
        assertThat(events).isEmpty();
    }

    @Test
    void taskWithWhichASecondNodeDiesIsLaidAside() {
        change(running("t", 9).lost(store.now(), "another died", 2));
        change(task("t").leasedTo(new Lease(workerOf(OTHER), "b")));
        change(task("t").started(store.now(), 0));

        die(OTHER);

        assertThat(task("t").state()).isEqualTo(TaskState.PARKED);
    }

    @Test
    void nodeThatSaidThatItStopsKeepsItsTasksUntilItGivesThemBackOrItsLeaseIsOver() {
        TaskRecord before = running("t", 2);
        Node stopping = node("b", NodeState.DRAINING);
        cluster.setMembers(List.of(SELF, stopping), Orders.NONE);

        die(stopping);

        assertThat(task("t")).isEqualTo(before);
    }

    @Test
    void nodeThatIsBackBeforeAnybodyLookedKeepsItsTasks() {
        TaskRecord before = running("t", 2);
        cluster.setMembers(List.of(SELF), Orders.NONE);
        cluster.setMembers(List.of(SELF, OTHER), Orders.NONE);

        supervisor.supervise();

        assertThat(task("t")).isEqualTo(before);
    }

    @Test
    void nodeThatIsNoMemberForAMomentTakesNothingFromItself() {
        die(SELF);

        assertThat(store.workers()).contains(workerOf(SELF));
    }

    @Test
    void nothingIsDoneWithoutALeaseOfOnesOwn() {
        TaskRecord before = running("t", 2);
        lease.release();

        die(OTHER);

        assertThat(task("t")).isEqualTo(before);
    }

    /** As where somebody keeps its row locked. */
    @Test
    void taskThatCannotBeTakenForNowKeepsNobodyFromTheOthersAndFromWhatIsOutdated() {
        for (String id : List.of("t1", "t2", "t3")) {
            leased(id, 1);
        }
        store.submit(List.of(TaskRecord.submitted(
                "old", "task", "()void", "[]", store.now(), "a", null, Duration.ZERO, Duration.ofMillis(1), 1)));
        clock.ahead = Duration.ofMillis(10);
        TaskStore locked = new FlakyStore(store).lock("t2").store();
        TaskSupervisor other = new TaskSupervisor(
                locked, () -> 0, lease, Duration.ofDays(1), System::nanoTime, events::add, changed::incrementAndGet);
        store.release(workerOf(OTHER));

        other.supervise();

        assertThat(List.of(task("t1").state(), task("t3").state())).containsOnly(TaskState.PENDING);
        assertThat(task("t2").state()).isEqualTo(TaskState.LEASED);
        assertThat(task("old").state()).isEqualTo(TaskState.FAILED);
    }

    @Test
    void leasesAreNotOverSinceTheClockOfTheStoreWasSetAhead() {
        Duration length = Duration.ofSeconds(1);
        WorkerLease shorter = new WorkerLease(store, "c", length, System::nanoTime, () -> {});
        shorter.start();
        try {
            TaskSupervisor watching = new TaskSupervisor(
                    store,
                    () -> 0,
                    shorter,
                    Duration.ofDays(1),
                    System::nanoTime,
                    events::add,
                    changed::incrementAndGet);
            await().until(shorter::isSteady);
            store.register(workerOf(OTHER), Duration.ofMinutes(1));
            watching.supervise();

            clock.ahead = Duration.ofMinutes(2);
            watching.supervise();
            assertThat(store.workers()).contains(workerOf(OTHER), shorter.worker());

            // Whoever has not renewed his when there was time for it is gone.
            await().untilAsserted(() -> {
                watching.supervise();
                assertThat(store.workers()).doesNotContain(workerOf(OTHER)).contains(shorter.worker());
            });
        } finally {
            shorter.release();
        }
    }

    /** Tasks that are over for so long. */
    private void end(Duration before, List<String> ids) {
        store.submit(ids.stream()
                .map(id -> TaskRecord.submitted(
                        id, "task", "()void", "[]", store.now(), "a", null, Duration.ZERO, null, 1))
                .toList());
        store.replace(store.find(ids).stream()
                .map(task -> task.cancel(store.now().minus(before)))
                .toList());
    }

    private void superviseAfter(Duration time) {
        nanos.set(time.toNanos());
        supervisor.supervise();
    }

    @Test
    void whatEndedLongAgoIsForgottenEveryMinute() {
        end(RETENTION.minusHours(1), List.of("young"));
        end(RETENTION.plusHours(1), List.of("old"));

        superviseAfter(Duration.ofSeconds(59));
        assertThat(store.find(List.of("young", "old"))).hasSize(2);
        verify(store, never()).tidy();

        superviseAfter(Duration.ofSeconds(60));
        assertThat(store.find(List.of("young", "old"))).containsExactly(task("young"));
        verify(store).tidy();

        end(RETENTION.plusHours(1), List.of("old"));
        superviseAfter(Duration.ofSeconds(119));
        assertThat(store.find(List.of("young", "old"))).hasSize(2);
        superviseAfter(Duration.ofSeconds(120));
        assertThat(store.find(List.of("young", "old"))).containsExactly(task("young"));
        verify(store, times(2)).tidy();
    }

    @Test
    void howeverManyEndedLongAgoAreForgottenAtOnce() {
        List<String> ids = IntStream.range(0, 450).mapToObj(i -> "old" + i).toList();
        end(RETENTION.plusHours(1), ids);
        assertThat(store.find(ids)).hasSameSizeAs(ids);

        superviseAfter(Duration.ofMinutes(1));

        assertThat(store.find(ids)).isEmpty();
    }

    /** As the system's, but for what somebody has set it ahead. */
    private static final class SettableClock extends Clock {

        private volatile Duration ahead = Duration.ZERO;

        @Override
        public Instant instant() {
            return Instant.now().plus(ahead);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
