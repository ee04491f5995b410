package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.hatask.TaskState;
import org.hatask.TaskStoreException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every store of durable tasks promises. */
@Timeout(120)
abstract class TaskStoreConformanceTest {

    static final Duration LEASE = Duration.ofSeconds(60);
    static final String SIGNATURE = "(java.lang.String)void";
    static final ClaimRequest.Claimable WANTED = new ClaimRequest.Claimable(SIGNATURE, 7, true);
    static final Map<String, ClaimRequest.Claimable> ALL = Map.of("mail", WANTED, "bill", WANTED);

    private TaskStore store;

    /** An empty store. The tests close what this gives them. */
    abstract TaskStore newStore();

    /** Another view of what {@link #newStore} gave last, as another node has it; the same where there can be no other. */
    abstract TaskStore sameStore();

    @BeforeEach
    void open() {
        store = newStore();
    }

    @AfterEach
    void close() {
        store.close();
    }

    // Submitting and finding

    @Test
    void whatIsSubmittedIsKeptAsItIs() {
        TaskRecord task = task("mail").build(store);
        TaskRecord kept = submit(task);
        assertThat(kept.withVersion(0)).isEqualTo(task);
        assertThat(find(task.id())).isEqualTo(kept);
        assertThat(find(task.id()).version()).isEqualTo(kept.version());
    }

    @Test
    void everythingOfARecordIsKept() {
        TaskRecord kept = submit(task("mail")
                .key("order 7 / ü€😀'\"\\")
                .delay(Duration.ZERO)
                .timeToLive(Duration.ofHours(1))
                .maxAttempts(3)
                .build(store));
        register("w.1");
        TaskRecord leased = change(kept.leasedTo(new Lease("w.1", "n1")));
        TaskRecord running = change(leased.started(store.now(), 42));
        TaskRecord reported = change(running.reported("half ü€😀 \u0001 done", "{\"page\":\"ü€😀\"}"));
        TaskRecord failed = change(reported.failed(
                store.now(),
                new TaskFailure(TaskFailure.Kind.THREW, "no ü€😀", "{\"types\":[\"x\"]}"),
                Duration.ofMillis(1)));
        assertThat(failed.state()).isEqualTo(TaskState.RETRY_WAIT);
        TaskRecord again =
                change(change(failed.leasedTo(new Lease("w.1", "n1"))).started(store.now(), 43));
        TaskRecord asked = change(again.cancel(store.now()));
        assertThat(asked.cancelRequested()).isTrue();
        TaskRecord done = change(asked.succeeded(store.now(), "\"ü€😀\""));
        assertThat(done.attempts()).hasSize(2);
        assertThat(done.endedAt()).isNotNull();
    }

    @Test
    void tasksAreListedByAnyStates() {
        register("w.1");
        Lease lease = new Lease("w.1", "n1");
        TaskRecord pending = submit(task("mail").build(store));
        TaskRecord leased = change(submit(task("mail").build(store)).leasedTo(lease));
        TaskRecord running =
                change(change(submit(task("mail").build(store)).leasedTo(lease)).started(store.now(), 0));
        TaskRecord cancelled = change(submit(task("mail").build(store)).cancel(store.now()));
        submit(task("bill").build(store));
        List<TaskRecord> all = List.of(pending, leased, running, cancelled);
        for (Set<TaskState> states : List.of(
                Set.of(TaskState.PENDING),
                Set.of(TaskState.LEASED, TaskState.RUNNING),
                Set.of(TaskState.RUNNING, TaskState.CANCELLED),
                Set.of(TaskState.CANCELLED),
                Set.of(TaskState.PARKED, TaskState.RETRY_WAIT),
                Set.of(TaskState.values()))) {
            List<TaskRecord> wanted =
                    all.stream().filter(task -> states.contains(task.state())).toList();
            assertThat(store.list(new TaskQuery("mail", states, null, 10))).containsExactlyInAnyOrderElementsOf(wanted);
        }
    }

    @Test
    void unknownTasksAreMissing() {
        TaskRecord task = submit(task("mail").build(store));
        assertThat(store.find(List.of("no-such", task.id()))).containsExactly(task);
        assertThat(store.find(List.of())).isEmpty();
    }

    @Test
    void anotherNodeSeesWhatWasSubmitted() {
        TaskRecord task = submit(task("mail").build(store));
        try (OtherView other = new OtherView()) {
            eventually(() -> assertThat(other.store.find(List.of(task.id()))).containsExactly(task));
        }
    }

    @Test
    void manyAreSubmittedAtOnceInTheirOrder() {
        List<TaskRecord> tasks = IntStream.range(0, 50)
                .mapToObj(i -> task("mail")
                        .key(i % 2 == 0 ? "k" + i : null)
                        .arguments("[\"" + i + " ü€😀 {,} \\\"\"]")
                        .timeToLive(i % 3 == 0 ? Duration.ofHours(i + 1) : null)
                        .maxAttempts(i + 1)
                        .build(store))
                .toList();
        List<TaskRecord> kept = store.submit(tasks);
        assertThat(kept.stream().map(task -> task.withVersion(0))).isEqualTo(tasks);
        assertThat(store.find(tasks.stream().map(TaskRecord::id).toList())).containsExactlyInAnyOrderElementsOf(kept);
    }

    @Test
    void theSameKeyFindsTheFirstSubmission() {
        TaskRecord first = submit(task("mail").key("k").build(store));
        assertThat(submit(task("mail").key("k").build(store))).isEqualTo(first);
        assertThat(submit(task("bill").key("k").build(store)).id()).isNotEqualTo(first.id());
        assertThat(submit(task("mail").key("K").build(store)).id()).isNotEqualTo(first.id());
        assertThat(submit(task("mail").key("k ").build(store)).id()).isNotEqualTo(first.id());
    }

    @Test
    void aTaskIsFoundByItsNameAndKeyForAsLongAsItIsKept() {
        TaskRecord first = submit(task("mail").key("ü€😀 k").build(store));
        TaskRecord other = submit(task("bill").key("ü€😀 k").build(store));
        submit(task("mail").build(store));
        assertThat(store.find("mail", "ü€😀 k")).contains(first);
        assertThat(store.find("bill", "ü€😀 k")).contains(other);
        for (String key : List.of("ü€😀 K", "ü€😀 k ", "", "\0", "x".repeat(1000))) {
            assertThat(store.find("mail", key)).isEmpty();
        }
        assertThat(store.find("nobody", "ü€😀 k")).isEmpty();
        try (OtherView view = new OtherView()) {
            assertThat(view.store.find("mail", "ü€😀 k")).contains(first);
        }
        TaskRecord cancelled = change(first.cancel(store.now()));
        store.tidy();
        assertThat(store.find("mail", "ü€😀 k")).contains(cancelled);
        assertThat(store.prune(store.now().plusSeconds(3600), 10)).isEqualTo(1);
        assertThat(store.find("mail", "ü€😀 k")).isEmpty();
        assertThat(store.find("bill", "ü€😀 k")).contains(other);
    }

    @Test
    void theSameKeyTwiceInOneSubmissionIsOneTask() {
        List<TaskRecord> kept = store.submit(List.of(
                task("mail").key("k").build(store),
                task("mail").build(store),
                task("mail").key("k").build(store)));
        assertThat(kept.get(2)).isEqualTo(kept.get(0));
        assertThat(kept.get(1).id()).isNotEqualTo(kept.get(0).id());
        assertThat(store.counts().byState().get(TaskState.PENDING)).isEqualTo(2);
    }

    @Test
    void theSameKeyFindsAFinalTaskToo() {
        TaskRecord first = submit(task("mail").key("k").build(store));
        TaskRecord cancelled = change(first.cancel(store.now()));
        assertThat(submit(task("mail").key("k").build(store))).isEqualTo(cancelled);
    }

    @Test
    void ofManySubmissionsWithOneKeyAtOnceOneIsKept() throws Exception {
        List<TaskRecord> kept = inParallel(8, i -> submit(task("mail").key("k").build(store)));
        assertThat(kept).extracting(TaskRecord::id).containsOnly(kept.get(0).id());
        assertThat(store.counts().byState().get(TaskState.PENDING)).isEqualTo(1);
    }

    @Test
    void whatIsTooLargeIsRefusedAndNothingOfItsSubmissionKept() {
        TaskRecord small = task("mail").build(store);
        TaskRecord large =
                task("mail").arguments("[\"" + "x".repeat(2_000_000) + "\"]").build(store);
        assertThat(store.fits(small)).isTrue();
        assertThat(store.fits(large)).isFalse();
        assertThatExceptionOfType(TaskStoreException.class)
                .isThrownBy(() -> store.submit(List.of(small, large)))
                .withMessageContaining("mail");
        assertThat(store.find(List.of(small.id(), large.id()))).isEmpty();
        assertThat(store.counts().byState().get(TaskState.PENDING)).isZero();
    }

    // Changing

    @Test
    void onlyTheNewestVersionCanBeChanged() {
        TaskRecord task = submit(task("mail").build(store));
        TaskRecord cancelled = change(task.cancel(store.now()));
        assertThat(cancelled.version()).isEqualTo(task.version() + 1);
        assertThat(store.replace(List.of(task.leasedTo(new Lease("w.1", "n1")))))
                .containsExactly(false);
        assertThat(find(task.id())).isEqualTo(cancelled);
    }

    @Test
    void eachOfSeveralChangesCountsForItself() {
        TaskRecord a = submit(task("mail").build(store));
        TaskRecord b = submit(task("mail").build(store));
        TaskRecord c = submit(task("mail").build(store));
        change(b.cancel(store.now()));
        assertThat(store.replace(List.of(a.cancel(store.now()), b.cancel(store.now()), c.cancel(store.now()))))
                .containsExactly(true, false, true);
    }

    @Test
    void whatIsNotKeptCannotBeChanged() {
        TaskRecord task = task("mail").build(store).withVersion(1);
        assertThat(store.replace(List.of(task.cancel(store.now())))).containsExactly(false);
        assertThat(store.find(List.of(task.id()))).isEmpty();
    }

    @Test
    void ofManyChangesAtOnceOneWins() throws Exception {
        TaskRecord task = submit(task("mail").build(store));
        List<Boolean> won = inParallel(8, i -> store.replace(List.of(task.leasedTo(new Lease("w." + i, "n" + i))))
                .get(0));
        assertThat(won).containsOnlyOnce(true);
        assertThat(find(task.id()).lease()).isEqualTo(new Lease("w." + won.indexOf(true), "n" + won.indexOf(true)));
    }

    // Workers

    @Test
    void aWorkerThatIsNotRegisteredCannotRenew() {
        assertThat(store.renew("w.1", LEASE)).isFalse();
        register("w.1");
        assertThat(store.renew("w.1", LEASE)).isTrue();
        assertThat(store.workers()).containsExactly("w.1");
        store.release("w.1");
        assertThat(store.renew("w.1", LEASE)).isFalse();
        assertThat(store.workers()).isEmpty();
    }

    @Test
    void aWorkerIsExpiredWhenItsLeaseHasRunOut() {
        store.register("w.1", Duration.ofMillis(200));
        register("w.2");
        eventually(() -> {
            store.expire(store.now().plusSeconds(60));
            assertThat(store.workers()).containsExactly("w.2");
        });
        assertThat(store.renew("w.1", LEASE)).isFalse();
    }

    @Test
    void aWorkerThatRenewsLateButBeforeItIsExpiredGoesOn() {
        store.register("w.1", Duration.ofMillis(1));
        Instant start = store.now();
        eventually(() -> assertThat(store.now()).isAfter(start.plusMillis(5)));
        assertThat(store.renew("w.1", LEASE)).isTrue();
        store.expire(store.now().plusSeconds(60));
        assertThat(store.workers()).containsExactly("w.1");
    }

    @Test
    void whatAWorkerHoldsIsAbandonedWhenItIsReleased() {
        register("w.1");
        register("w.2");
        TaskRecord leased = change(submit(task("mail").build(store)).leasedTo(new Lease("w.1", "n1")));
        TaskRecord running = change(change(submit(task("mail").build(store)).leasedTo(new Lease("w.1", "n1")))
                .started(store.now(), 0));
        TaskRecord others = change(submit(task("mail").build(store)).leasedTo(new Lease("w.2", "n2")));
        submit(task("mail").build(store));
        assertThat(store.heldBy("w.1")).containsExactlyInAnyOrder(leased, running);
        assertThat(store.abandoned(10)).isEmpty();
        store.release("w.1");
        eventually(() -> assertThat(store.abandoned(10)).containsExactlyInAnyOrder(leased, running));
        assertThat(store.abandoned(1)).hasSize(1);
        assertThat(store.heldBy("w.2")).containsExactly(others);
        change(leased.givenBack(store.now()));
        assertThat(store.abandoned(10)).containsExactly(running);
        change(running.lost(store.now(), "gone", 2));
        assertThat(store.abandoned(10)).isEmpty();
    }

    @Test
    void whatHasEndedIsHeldByNobody() {
        register("w.1");
        TaskRecord running = change(change(submit(task("mail").build(store)).leasedTo(new Lease("w.1", "n1")))
                .started(store.now(), 0));
        change(running.succeeded(store.now(), "1"));
        assertThat(store.heldBy("w.1")).isEmpty();
    }

    // Giving out

    @Test
    void dueTasksAreGivenOutOnceAndInTheirOrder() {
        assumeThat(store.isClaimedByNodes()).isTrue();
        register("w.1");
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            ids.add(submit(task("mail").at(store.now().minusSeconds(60 - i)).build(store))
                    .id());
        }
        List<TaskRecord> first = store.claim(request("w.1", ALL, 3));
        assertThat(first).extracting(TaskRecord::id).containsExactlyElementsOf(ids.subList(0, 3));
        assertThat(first).allMatch(task -> task.isHeldBy("w.1"));
        assertThat(first.stream().filter(task -> task.state() == TaskState.RUNNING))
                .allMatch(task -> task.attempt() == 1 && task.epoch() == 7 && "n1".equals(task.lastNode()));
        assertThat(store.find(ids.subList(0, 3))).containsExactlyInAnyOrderElementsOf(first);
        assertThat(store.heldBy("w.1")).containsExactlyInAnyOrderElementsOf(first);
        assertThat(store.claim(request("w.1", ALL, 10)))
                .extracting(TaskRecord::id)
                .containsExactlyElementsOf(ids.subList(3, 5));
        assertThat(store.claim(request("w.1", ALL, 10))).isEmpty();
    }

    @Test
    void onlyWhatTheWorkerCanExecuteIsGivenToIt() {
        assumeThat(store.isClaimedByNodes()).isTrue();
        register("w.1");
        TaskRecord mail = submit(task("mail").build(store));
        submit(task("bill").build(store));
        submit(task("mail").signature("(int)void").build(store));
        assertThat(store.claim(request("w.1", Map.of("mail", WANTED), 10)))
                .extracting(TaskRecord::id)
                .containsExactly(mail.id());
        assertThat(store.claim(request("w.1", Map.of(), 10))).isEmpty();
    }

    @Test
    void nothingIsGivenToAWorkerThatIsNotRegistered() {
        assumeThat(store.isClaimedByNodes()).isTrue();
        submit(task("mail").build(store));
        assertThat(store.claim(request("w.1", ALL, 10))).isEmpty();
        register("w.1");
        store.release("w.1");
        assertThat(store.claim(request("w.1", ALL, 10))).isEmpty();
    }

    @Test
    void manyWorkersAtOnceNeverGetTheSameTask() throws Exception {
        assumeThat(store.isClaimedByNodes()).isTrue();
        store.submit(
                IntStream.range(0, 200).mapToObj(i -> task("mail").build(store)).toList());
        IntStream.range(0, 8).forEach(i -> register("w." + i));
        List<List<TaskRecord>> all = inParallel(8, i -> {
            List<TaskRecord> mine = new ArrayList<>();
            List<TaskRecord> more;
            int rounds = 0;
            do {
                more = store.claim(request("w." + i, ALL, 7));
                mine.addAll(more);
            } while ((!more.isEmpty() || store.due(1).size() > 0) && rounds++ < 1000);
            return mine;
        });
        List<String> ids =
                all.stream().flatMap(List::stream).map(TaskRecord::id).toList();
        assertThat(ids).hasSize(200).doesNotHaveDuplicates();
    }

    @Test
    void aTaskIsNotDueBeforeItsTime() {
        TaskRecord later = submit(task("mail").delay(Duration.ofHours(1)).build(store));
        TaskRecord now = submit(task("mail").build(store));
        eventually(() -> assertThat(store.due(10)).extracting(TaskRecord::id).containsExactly(now.id()));
        TaskRecord soon = submit(task("mail").delay(Duration.ofMillis(300)).build(store));
        eventually(() ->
                assertThat(store.due(10)).extracting(TaskRecord::id).containsExactlyInAnyOrder(now.id(), soon.id()));
        assertThat(later.state()).isEqualTo(TaskState.PENDING);
    }

    @Test
    void whatWaitsForItsRetryIsDueAfterThePause() {
        register("w.1");
        TaskRecord running =
                change(change(submit(task("mail").maxAttempts(2).build(store)).leasedTo(new Lease("w.1", "n1")))
                        .started(store.now(), 0));
        TaskFailure why = new TaskFailure(TaskFailure.Kind.THREW, "no", null);
        TaskRecord waiting = change(running.failed(store.now(), why, Duration.ofMillis(200)));
        assertThat(store.due(10)).isEmpty();
        eventually(() -> assertThat(store.due(10)).containsExactly(waiting));
    }

    @Test
    void whatFailedHereIsLeftToOthersForAWhile() {
        assumeThat(store.isClaimedByNodes()).isTrue();
        register("w.1");
        register("w.2");
        TaskRecord running =
                change(change(submit(task("mail").maxAttempts(3).build(store)).leasedTo(new Lease("w.1", "n1")))
                        .started(store.now(), 0));
        TaskFailure why = new TaskFailure(TaskFailure.Kind.THREW, "no", null);
        change(running.failed(store.now(), why, Duration.ZERO));
        assertThat(store.claim(new ClaimRequest(new Lease("w.1", "n1"), ALL, Duration.ofHours(1), 10, false)))
                .isEmpty();
        assertThat(store.claim(new ClaimRequest(new Lease("w.2", "n2"), ALL, Duration.ofHours(1), 10, false)))
                .hasSize(1);
    }

    @Test
    void whatFailedHereIsNotLeftToOthersThatCouldNotExecuteIt() {
        assumeThat(store.isClaimedByNodes()).isTrue();
        register("w.1");
        for (String name : List.of("mail", "bill")) {
            TaskRecord running =
                    change(change(submit(task(name).maxAttempts(3).build(store)).leasedTo(new Lease("w.1", "n1")))
                            .started(store.now(), 0));
            change(running.failed(store.now(), new TaskFailure(TaskFailure.Kind.THREW, "no", null), Duration.ZERO));
        }
        Map<String, ClaimRequest.Claimable> wanted =
                Map.of("mail", WANTED, "bill", new ClaimRequest.Claimable(SIGNATURE, 7, false));
        assertThat(store.claim(new ClaimRequest(new Lease("w.1", "n1"), wanted, Duration.ofHours(1), 10, false)))
                .extracting(TaskRecord::task)
                .containsExactly("bill");
    }

    @Test
    void whatFailedHereIsTakenAgainWhenNobodyElseIsThere() {
        assumeThat(store.isClaimedByNodes()).isTrue();
        register("w.1");
        TaskRecord running =
                change(change(submit(task("mail").maxAttempts(3).build(store)).leasedTo(new Lease("w.1", "n1")))
                        .started(store.now(), 0));
        TaskFailure why = new TaskFailure(TaskFailure.Kind.THREW, "no", null);
        change(running.failed(store.now(), why, Duration.ZERO));
        eventually(() -> {
            List<TaskRecord> again = store.claim(request("w.1", ALL, 10));
            assertThat(again).hasSize(1);
            TaskRecord begun = again.get(0).state() == TaskState.RUNNING
                    ? again.get(0)
                    : change(again.get(0).started(store.now(), 7));
            assertThat(begun.attempts())
                    .extracting(TaskAttempt::number, TaskAttempt::end)
                    .containsExactly(tuple(1, TaskAttempt.End.FAILED), tuple(2, null));
        });
    }

    @Test
    void pausedTasksAreNotGivenOut() {
        register("w.1");
        submit(task("mail").build(store));
        TaskRecord bill = submit(task("bill").build(store));
        store.pause("mail");
        store.pause("mail");
        eventually(() -> assertThat(store.paused()).containsExactly("mail"));
        assertThat(store.due(10)).extracting(TaskRecord::id).containsExactly(bill.id());
        if (store.isClaimedByNodes()) {
            assertThat(store.claim(request("w.1", ALL, 10)))
                    .extracting(TaskRecord::id)
                    .containsExactly(bill.id());
        }
        store.resume("mail");
        store.resume("mail");
        eventually(() -> assertThat(store.due(10)).extracting(TaskRecord::task).contains("mail"));
        assertThat(store.paused()).isEmpty();
    }

    @Test
    void whatIsOutdatedIsNotDue() {
        TaskRecord task = submit(task("mail").timeToLive(Duration.ofMillis(150)).build(store));
        submit(task("mail").timeToLive(Duration.ofHours(1)).build(store));
        eventually(() -> assertThat(store.outdated(10)).containsExactly(task));
        assertThat(store.due(10)).extracting(TaskRecord::id).doesNotContain(task.id());
        change(task.expired(store.now()));
        assertThat(store.outdated(10)).isEmpty();
    }

    // Operators

    @Test
    void tasksAreCountedByState() {
        assertThat(store.counts().byState())
                .containsOnlyKeys(TaskState.values())
                .containsValue(0L);
        assertThat(store.counts().oldestDue()).isNull();
        submit(task("mail").at(store.now().minusSeconds(100)).build(store));
        change(submit(task("mail").build(store)).cancel(store.now()));
        register("w.1");
        change(submit(task("mail").build(store)).leasedTo(new Lease("w.1", "n1")));
        TaskCounts counts = store.counts();
        assertThat(counts.byState())
                .containsEntry(TaskState.PENDING, 1L)
                .containsEntry(TaskState.CANCELLED, 1L)
                .containsEntry(TaskState.LEASED, 1L)
                .containsEntry(TaskState.RUNNING, 0L);
        assertThat(counts.oldestDue()).isBetween(Duration.ofSeconds(100), Duration.ofSeconds(200));
        assertThat(counts.unreadable()).isZero();
    }

    @Test
    void whatWaitsIsCountedByNameAndSignature() {
        assertThat(store.waiting()).isEmpty();
        register("w.1");
        store.pause("bill");
        submit(task("bill").build(store));
        submit(task("mail").build(store));
        submit(task("mail").delay(Duration.ofHours(1)).build(store));
        submit(task("mail").signature("(int)void").build(store));
        TaskRecord running =
                change(change(submit(task("mail").maxAttempts(2).build(store)).leasedTo(new Lease("w.1", "n1")))
                        .started(store.now(), 0));
        change(submit(task("mail").build(store)).leasedTo(new Lease("w.1", "n1")));
        change(submit(task("mail").build(store)).cancel(store.now()));
        assertThat(store.waiting())
                .containsExactlyInAnyOrder(
                        new WaitingTasks("bill", SIGNATURE, 1),
                        new WaitingTasks("mail", SIGNATURE, 2),
                        new WaitingTasks("mail", "(int)void", 1));
        TaskFailure why = new TaskFailure(TaskFailure.Kind.THREW, "no", null);
        change(running.failed(store.now(), why, Duration.ofHours(1)));
        assertThat(store.waiting()).contains(new WaitingTasks("mail", SIGNATURE, 3));
    }

    @Test
    void tasksAreListedPageByPageTheNewestFirst() {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            ids.add(submit(task(i % 2 == 0 ? "mail" : "bill")
                            .at(store.now().minusSeconds(60 - i))
                            .build(store))
                    .id());
        }
        Collections.reverse(ids);
        assertThat(pages(null, Set.of(), 3)).isEqualTo(ids);
        assertThat(pages("bill", Set.of(), 2)).containsExactly(ids.get(1), ids.get(3), ids.get(5));
        TaskRecord cancelled = change(find(ids.get(3)).cancel(store.now()));
        assertThat(pages(null, Set.of(TaskState.CANCELLED), 10)).containsExactly(cancelled.id());
        assertThat(pages(null, Set.of(TaskState.CANCELLED, TaskState.PENDING), 2))
                .hasSize(7);
        assertThat(pages("mail", Set.of(TaskState.CANCELLED), 10)).isEmpty();
    }

    @Test
    void theNextPageGoesOnWhereTheLastTaskOfTheOneBeforeHasBeenForgotten() {
        List<TaskRecord> all = IntStream.range(0, 4)
                .mapToObj(i ->
                        submit(task("mail").at(store.now().minusSeconds(60 - i)).build(store)))
                .toList();
        List<TaskRecord> page = store.list(new TaskQuery(null, Set.of(), null, 2));
        TaskRecord last = page.get(1);
        assertThat(last).isEqualTo(all.get(2));
        change(last.cancel(store.now()));
        assertThat(store.prune(store.now().plusSeconds(3600), 10)).isEqualTo(1);
        assertThat(store.list(new TaskQuery(null, Set.of(), TaskQuery.Position.of(last), 2)))
                .containsExactly(all.get(1), all.get(0));
    }

    @Test
    void oldFinalTasksAreForgottenAndTheirKeysToo() {
        TaskRecord open = submit(task("mail").key("open").build(store));
        TaskRecord done = change(submit(task("mail").key("done").build(store)).cancel(store.now()));
        assertThat(store.prune(store.now().minusSeconds(60), 10)).isZero();
        assertThat(store.find(List.of(done.id()))).hasSize(1);
        eventually(() -> {
            store.prune(store.now(), 10);
            assertThat(store.find(List.of(done.id()))).isEmpty();
        });
        assertThat(store.find(List.of(open.id()))).containsExactly(open);
        assertThat(submit(task("mail").key("done").build(store)).state()).isEqualTo(TaskState.PENDING);
        assertThat(submit(task("mail").key("open").build(store)).id()).isEqualTo(open.id());
    }

    @Test
    void pruningIsBounded() {
        for (int i = 0; i < 5; i++) {
            change(submit(task("mail").build(store)).cancel(store.now()));
        }
        Instant later = store.now().plusSeconds(3600);
        assertThat(store.prune(later, 3)).isEqualTo(3);
        assertThat(store.prune(later, 3)).isEqualTo(2);
        assertThat(store.prune(later, 3)).isZero();
    }

    @Test
    void theClockOfTheStoreGoesOn() {
        Instant start = store.now();
        eventually(() -> assertThat(store.now()).isAfter(start));
    }

    // Help

    TaskRecord submit(TaskRecord task) {
        return store.submit(List.of(task)).get(0);
    }

    TaskRecord find(String id) {
        return store.find(List.of(id)).get(0);
    }

    /** Makes the change, and makes sure that the store has it as it was made. */
    TaskRecord change(TaskRecord changed) {
        assertThat(store.replace(List.of(changed))).containsExactly(true);
        TaskRecord kept = find(changed.id());
        assertThat(kept).isEqualTo(changed.withVersion(changed.version() + 1));
        return kept;
    }

    void register(String worker) {
        store.register(worker, LEASE);
    }

    static ClaimRequest request(String worker, Map<String, ClaimRequest.Claimable> tasks, int atMost) {
        return new ClaimRequest(new Lease(worker, "n1"), tasks, Duration.ZERO, atMost, false);
    }

    private List<String> pages(@Nullable String task, Set<TaskState> states, int size) {
        List<String> ids = new ArrayList<>();
        TaskQuery.Position after = null;
        while (true) {
            List<TaskRecord> page = store.list(new TaskQuery(task, states, after, size));
            page.forEach(record -> ids.add(record.id()));
            if (page.size() < size) {
                assertThat(new HashSet<>(ids)).hasSameSizeAs(ids);
                return ids;
            }
            after = TaskQuery.Position.of(page.get(page.size() - 1));
        }
    }

    /** For what another view, or time, brings about. */
    static void eventually(org.awaitility.core.ThrowingRunnable assertion) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(assertion);
    }

    interface Numbered<T> {
        T call(int number) throws Exception;
    }

    static <T> List<T> inParallel(int threads, Numbered<T> work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<T>> calls = IntStream.range(0, threads)
                    .mapToObj(i -> (Callable<T>) () -> work.call(i))
                    .toList();
            List<T> results = new ArrayList<>();
            for (Future<T> future : pool.invokeAll(calls)) {
                results.add(future.get());
            }
            return results;
        } finally {
            pool.shutdownNow();
        }
    }

    private final class OtherView implements AutoCloseable {
        final TaskStore store = sameStore();

        @Override
        public void close() {
            if (store != TaskStoreConformanceTest.this.store) {
                store.close();
            }
        }
    }

    static Builder task(String name) {
        return new Builder(name);
    }

    /** Makes tasks about to be submitted. */
    static final class Builder {

        private final String name;
        private String signature = SIGNATURE;
        private String arguments = "[\"ü€😀\"]";
        private @Nullable String key;
        private Duration delay = Duration.ZERO;
        private @Nullable Duration timeToLive;
        private int maxAttempts = 1;
        private @Nullable Instant at;

        Builder(String name) {
            this.name = name;
        }

        Builder signature(String value) {
            signature = value;
            return this;
        }

        Builder arguments(String value) {
            arguments = value;
            return this;
        }

        Builder key(String value) {
            key = value;
            return this;
        }

        Builder delay(Duration value) {
            delay = value;
            return this;
        }

        Builder timeToLive(Duration value) {
            timeToLive = value;
            return this;
        }

        Builder maxAttempts(int value) {
            maxAttempts = value;
            return this;
        }

        Builder at(Instant value) {
            at = value;
            return this;
        }

        TaskRecord build(TaskStore store) {
            return TaskRecord.submitted(
                    UUID.randomUUID().toString(),
                    name,
                    signature,
                    arguments,
                    at != null ? at : store.now(),
                    "n1",
                    key,
                    delay,
                    timeToLive,
                    maxAttempts);
        }
    }
}
