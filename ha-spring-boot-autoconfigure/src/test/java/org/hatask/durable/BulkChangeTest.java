package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.hatask.TaskState;
import org.junit.jupiter.api.Test;

class BulkChangeTest {

    private static final Lease LEASE = new Lease("w.1", "n1");

    private final TaskStore store = new MemoryTaskStore(Clock.systemUTC(), 1000);
    private final List<String> told = new ArrayList<>();

    private void submit(String task, int count) {
        store.submit(IntStream.range(0, count)
                .mapToObj(i -> TaskStoreConformanceTest.task(task).build(store))
                .toList());
    }

    private TaskManager.Changed change(
            Set<TaskState> states, int atMost, Function<TaskRecord, Optional<TaskRecord>> step) {
        return new BulkChange(store, step, task -> told.add(task.id())).run("mail", states, atMost);
    }

    private Optional<TaskRecord> cancelled(TaskRecord task) {
        return Optional.of(task.cancel(store.now()));
    }

    private Optional<TaskRecord> leasedMeanwhile(TaskRecord task) {
        if (task.state() == TaskState.PENDING) {
            assertThat(store.replace(List.of(task.leasedTo(LEASE)))).containsExactly(true);
        }
        return cancelled(task);
    }

    @Test
    void allOfTheNameAreChangedPageByPage() {
        submit("mail", 250);
        submit("bill", 10);

        assertThat(change(Set.of(TaskState.PENDING), 1000, this::cancelled))
                .isEqualTo(new TaskManager.Changed(250, false));
        assertThat(told).hasSize(250).doesNotHaveDuplicates();
        assertThat(store.counts().byState().get(TaskState.PENDING)).isEqualTo(10);
    }

    @Test
    void asManyAsThereMayBeLeaveNothingToDo() {
        submit("mail", 250);

        assertThat(change(Set.of(TaskState.PENDING), 249, this::cancelled))
                .isEqualTo(new TaskManager.Changed(249, true));
        assertThat(change(Set.of(TaskState.PENDING), 1, this::cancelled)).isEqualTo(new TaskManager.Changed(1, false));
    }

    @Test
    void whatIsLeftAloneDoesNotStandBeforeTheOthers() {
        submit("mail", 150);
        Set<String> newest = Set.copyOf(store.list(new TaskQuery("mail", Set.of(), null, 100)).stream()
                .map(TaskRecord::id)
                .toList());

        assertThat(change(
                        Set.of(TaskState.PENDING),
                        50,
                        task -> newest.contains(task.id()) ? Optional.empty() : cancelled(task)))
                .isEqualTo(new TaskManager.Changed(50, false));
    }

    @Test
    void whatChangesMeanwhileIsChangedAllTheSameWhenItIsStillAskedFor() {
        submit("mail", 3);

        assertThat(change(Set.of(TaskState.PENDING, TaskState.LEASED), 10, this::leasedMeanwhile))
                .isEqualTo(new TaskManager.Changed(3, false));
        assertThat(store.counts().byState().get(TaskState.CANCELLED)).isEqualTo(3);
    }

    @Test
    void whatChangesMeanwhileIsLeftAloneWhenItIsAskedForNoMore() {
        submit("mail", 3);

        assertThat(change(Set.of(TaskState.PENDING), 10, this::leasedMeanwhile))
                .isEqualTo(new TaskManager.Changed(0, false));
        assertThat(told).isEmpty();
        assertThat(store.counts().byState().get(TaskState.LEASED)).isEqualTo(3);
    }
}
