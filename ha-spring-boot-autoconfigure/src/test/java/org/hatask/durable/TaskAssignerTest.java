package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.anyList;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.hatask.Delivery;
import org.hatask.HaTask;
import org.hatask.Role;
import org.hatask.TaskState;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Master;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Orders;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskRegistry;
import org.hatask.execute.Tasks;
import org.hatask.failure.Fitness;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** To whom the master gives tasks. Node a is the master; b and c are workers. */
class TaskAssignerTest {

    private static final int CONCURRENCY = 2;
    private static final int AT_MOST = 4;
    private static final TaskDefinition ANY = Tasks.of(Desk.class, "any");
    private static final TaskDefinition FOR_MASTER = Tasks.of(Desk.class, "forMaster");
    private static final TaskDefinition FOR_WORKERS = Tasks.of(Desk.class, "forWorkers");
    private static final String OLD_SIGNATURE = "(int)void";
    private static final Node A = node("a");
    private static final Node B = node("b");
    private static final Node C = node("c");

    private final TaskStore store = AssignedStore.of(new MemoryTaskStore(Clock.systemUTC(), 1000));
    private final ClusterState cluster = new ClusterState(A, Runnable::run);
    private final Set<String> unfit = new HashSet<>();
    private final Set<String> lastResort = new HashSet<>();
    private final AtomicInteger submitted = new AtomicInteger();
    private final TaskAssigner assigner = assigner(store, 1);

    static class Desk {

        @HaTask(delivery = Delivery.DURABLE)
        public void any() {}

        @HaTask(delivery = Delivery.DURABLE, role = Role.MASTER)
        public void forMaster() {}

        @HaTask(delivery = Delivery.DURABLE, role = Role.WORKER)
        public void forWorkers() {}
    }

    private TaskAssigner assigner(TaskStore of, long heldEpoch) {
        Fitness fitness = mock(Fitness.class);
        when(fitness.fit(anyList())).thenAnswer(call -> call.<List<Node>>getArgument(0).stream()
                .filter(node -> !unfit.contains(node.id()))
                .toList());
        when(fitness.lastResort(anyList())).thenAnswer(call -> call.<List<Node>>getArgument(0).stream()
                .filter(node -> lastResort.contains(node.id()))
                .toList());
        when(fitness.couldBeFit(anyList())).thenAnswer(call -> fitness.fit(call.getArgument(0)));
        return new TaskAssigner(
                of,
                cluster,
                () -> heldEpoch,
                fitness,
                new TaskRegistry(List.of(ANY, FOR_MASTER, FOR_WORKERS)),
                CONCURRENCY);
    }

    private static Node node(String id) {
        return new Node(
                id, "incarnation-" + id, URI.create("http://" + id), NodeState.UP, true, true, 1, null, Instant.EPOCH);
    }

    private static Lease lease(Node node) {
        return new Lease(node.incarnation() + ".1", node.id());
    }

    @BeforeEach
    void join() {
        members(A, B, C);
        cluster.setMaster(new Master(A.id(), A.incarnation(), 1, Instant.EPOCH, "a test"));
        List.of(A, B, C).forEach(node -> store.register(lease(node).worker(), Duration.ofMinutes(1)));
    }

    private void members(Node... nodes) {
        cluster.setMembers(List.of(nodes), Orders.NONE);
    }

    private TaskRecord submit(TaskDefinition task) {
        return submit(task.name(), task.signature());
    }

    /** Those submitted earlier have been due for longer. */
    private TaskRecord submit(String task, String signature) {
        int number = submitted.incrementAndGet();
        return store.submit(List.of(TaskRecord.submitted(
                        "t" + number,
                        task,
                        signature,
                        "[]",
                        store.now().minusSeconds(1000 - number),
                        "a",
                        null,
                        Duration.ZERO,
                        null,
                        9)))
                .get(0);
    }

    private List<TaskRecord> submit(TaskDefinition task, int times) {
        return IntStream.range(0, times).mapToObj(i -> submit(task)).toList();
    }

    private TaskRecord change(TaskRecord changed) {
        assertThat(store.replace(List.of(changed))).containsExactly(true);
        return task(changed);
    }

    /** What the node has in hand already. */
    private void occupy(Node node, int times) {
        submit(ANY, times).forEach(task -> change(task.leasedTo(lease(node))));
    }

    private TaskRecord task(TaskRecord task) {
        return store.find(List.of(task.id())).get(0);
    }

    /** Whom it was given to; null when it was not. */
    private String nodeOf(TaskRecord task) {
        Lease lease = task(task).lease();
        return lease == null ? null : lease.nodeId();
    }

    private Map<String, Long> held() {
        return Stream.of(A, B, C)
                .flatMap(node -> store.heldBy(lease(node).worker()).stream())
                .collect(Collectors.groupingBy(task -> task.lease().nodeId(), TreeMap::new, Collectors.counting()));
    }

    @Test
    void taskGoesToANodeOfItsRole() {
        List<TaskRecord> forMaster = submit(FOR_MASTER, 2);
        List<TaskRecord> forWorkers = submit(FOR_WORKERS, 4);

        assigner.assign();

        assertThat(forMaster).extracting(this::nodeOf).containsOnly("a");
        assertThat(forWorkers).extracting(this::nodeOf).containsExactly("b", "c", "b", "c");
        assertThat(task(forMaster.get(0)).state()).isEqualTo(TaskState.LEASED);
        assertThat(task(forMaster.get(0)).lease()).isEqualTo(lease(A));
    }

    @Test
    void taskGoesToANodeThatHasItWithItsSignature() {
        members(
                A.withTasks(Map.of()),
                B.withTasks(Map.of(ANY.name(), OLD_SIGNATURE.hashCode())),
                C.withTasks(Map.of(ANY.name(), ANY.signature().hashCode())));
        List<TaskRecord> tasks = submit(ANY, 2);
        TaskRecord old = submit(ANY.name(), OLD_SIGNATURE);
        TaskRecord nobodys = submit(ANY.name(), "(long)void");

        assigner.assign();

        assertThat(tasks).extracting(this::nodeOf).containsOnly("c");
        assertThat(nodeOf(old)).isEqualTo("b");
        assertThat(task(nobodys)).isEqualTo(nobodys);
    }

    @Test
    void nodeThatIsNotFitIsGivenNothing() {
        unfit.addAll(Set.of("a", "c"));
        List<TaskRecord> tasks = submit(ANY, 2);

        assigner.assign();

        assertThat(tasks).extracting(this::nodeOf).containsOnly("b");
    }

    @Test
    void whereNoNodeIsFitTheLastResortIsTurnedTo() {
        unfit.addAll(Set.of("a", "b", "c"));
        lastResort.add("c");
        List<TaskRecord> tasks = submit(ANY, 2);

        assigner.assign();

        assertThat(tasks).extracting(this::nodeOf).containsOnly("c");
    }

    @Test
    void taskThatFillsAllNodesLeavesRoomToOthers() {
        for (Node node : List.of(A, B, C)) {
            occupy(node, AT_MOST);
        }
        TaskRecord more = submit(ANY);
        List<TaskRecord> others = submit(FOR_WORKERS, 2);

        assigner.assign();

        assertThat(nodeOf(more)).isNull();
        assertThat(others).extracting(this::nodeOf).containsExactly("b", "c");
    }

    @Test
    void nodeThatStopsOrIsDrainedIsGivenNothing() {
        Orders drained = new Orders(null, Map.of("b", new Orders.Drain(Instant.EPOCH, "alice", null)), List.of(), 1);
        cluster.setMembers(List.of(A.withState(NodeState.DRAINING), B, C), drained);
        List<TaskRecord> tasks = submit(ANY, 2);

        assigner.assign();

        assertThat(tasks).extracting(this::nodeOf).containsOnly("c");
    }

    @Test
    void nodeThatIsNoMemberOrHasNoLeaseIsGivenNothing() {
        members(B, C);
        store.release(lease(B).worker());
        List<TaskRecord> tasks = submit(ANY, 2);

        assigner.assign();

        assertThat(tasks).extracting(this::nodeOf).containsOnly("c");
    }

    @Test
    void taskGoesToTheNodeWithTheFewest() {
        occupy(A, 2);
        occupy(B, 1);
        List<TaskRecord> tasks = submit(ANY, 3);

        assigner.assign();

        assertThat(tasks).extracting(this::nodeOf).containsExactly("c", "b", "c");
    }

    @Test
    void taskGoesNotToTheNodeOfItsLastAttemptAsLongAsThereIsAnother() {
        occupy(A, 2);
        occupy(C, 2);
        TaskRecord running = change(change(submit(ANY).leasedTo(lease(B))).started(store.now(), 0));
        TaskRecord failed =
                change(running.failed(store.now(), new TaskFailure(TaskFailure.Kind.THREW, "no", null), Duration.ZERO));

        assigner.assign();

        assertThat(nodeOf(failed)).isEqualTo("a");
    }

    @Test
    void taskGoesToTheNodeOfItsLastAttemptWhenThereIsNoOther() {
        occupy(A, AT_MOST);
        unfit.add("c");
        TaskRecord running = change(change(submit(ANY).leasedTo(lease(B))).started(store.now(), 0));
        TaskRecord failed =
                change(running.failed(store.now(), new TaskFailure(TaskFailure.Kind.THREW, "no", null), Duration.ZERO));

        assigner.assign();

        assertThat(nodeOf(failed)).isEqualTo("b");
    }

    @Test
    void nodeIsGivenOnlySoManyBeforeItEndsSome() {
        occupy(B, 1);
        List<TaskRecord> tasks = submit(ANY, 3 * AT_MOST + 1);

        assigner.assign();

        assertThat(held()).isEqualTo(Map.of("a", 4L, "b", 4L, "c", 4L));
        List<TaskRecord> left =
                tasks.stream().filter(task -> nodeOf(task) == null).toList();
        assertThat(left).hasSize(2);

        TaskRecord given = store.heldBy(lease(C).worker()).get(0);
        change(change(given.started(store.now(), 0)).succeeded(store.now(), "1"));
        assigner.assign();

        assertThat(left).extracting(this::nodeOf).containsExactly("c", null);
    }

    @Test
    void whatWaitsGoesToANodeThatCanBeginIt() {
        members(A);
        List<TaskRecord> tasks = submit(ANY, AT_MOST);
        assigner.assign();
        List<TaskRecord> begun = tasks.subList(0, CONCURRENCY);
        begun.forEach(task -> change(task(task).started(store.now(), 0)));
        // Those that have more are free for others.
        members(A, B, C);
        unfit.add("a");
        submit(FOR_WORKERS, 2 * CONCURRENCY + 1);
        assigner.assign();

        assigner.balance();
        assigner.balance();
        assertThat(tasks).extracting(this::nodeOf).containsOnly("a");
        assigner.balance();

        assertThat(begun).extracting(this::nodeOf).containsOnly("a");
        assertThat(tasks.subList(CONCURRENCY, AT_MOST)).extracting(this::nodeOf).containsExactlyInAnyOrder("b", "c");
        assertThat(tasks).extracting(task -> task(task).state()).doesNotContain(TaskState.PENDING);
    }

    /** It has waited where it is, and would wait there as well. */
    @Test
    void whatWaitsIsMovedOnceAndNotFromOneToTheOther() {
        occupy(A, AT_MOST);
        IntStream.range(0, 3).forEach(i -> assigner.balance());
        Map<String, Long> moved = held();
        assertThat(moved).isEqualTo(Map.of("a", 2L, "b", 1L, "c", 1L));

        IntStream.range(0, 9).forEach(i -> {
            assigner.balance();
            assigner.assign();
        });

        assertThat(held()).isEqualTo(moved);
    }

    @Test
    void whatWaitsStaysWhereNoOtherNodeCouldBeginIt() {
        for (Node node : List.of(A, B, C)) {
            occupy(node, AT_MOST);
        }
        Map<String, Long> before = held();

        IntStream.range(0, 5).forEach(i -> assigner.balance());

        assertThat(held()).isEqualTo(before);
    }

    @Test
    void onlyTheMasterGivesTasksOut() {
        TaskRecord task = submit(ANY);

        assigner(store, 0).assign();

        assertThat(task(task)).isEqualTo(task);
    }

    @Test
    void nothingIsGivenOutWhereNodesTakeTasksThemselves() {
        MemoryTaskStore claimed = new MemoryTaskStore(Clock.systemUTC(), 1000);
        claimed.register(lease(B).worker(), Duration.ofMinutes(1));
        List<TaskRecord> tasks = claimed.submit(List.of(TaskRecord.submitted(
                "t", ANY.name(), ANY.signature(), "[]", claimed.now(), "a", null, Duration.ZERO, null, 1)));

        assigner(claimed, 1).assign();

        assertThat(claimed.find(List.of("t"))).isEqualTo(tasks);
    }

    @Test
    void taskThatTheMasterDoesNotKnowStaysAndTheOthersGoOn() {
        TaskRecord unknown = submit("desk.newer", ANY.signature());
        TaskRecord known = submit(ANY);

        assigner.assign();

        assertThat(task(unknown)).isEqualTo(unknown);
        assertThat(nodeOf(known)).isEqualTo("a");
    }

    @Test
    void aHundredThatNobodyCanExecuteDoNotStandBeforeTheOthers() {
        members(
                A.withTasks(Map.of(ANY.name(), ANY.signature().hashCode())),
                B.withTasks(Map.of()),
                C.withTasks(Map.of()));
        IntStream.range(0, 100).forEach(i -> submit(ANY.name(), OLD_SIGNATURE));
        TaskRecord task = submit(ANY);

        assigner.assign();

        assertThat(nodeOf(task)).isEqualTo("a");
        assertThat(store.due(1000)).hasSize(100);
    }
}
