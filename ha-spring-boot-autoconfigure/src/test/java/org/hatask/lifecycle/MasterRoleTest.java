package org.hatask.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.hatask.HaTask;
import org.hatask.Role;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.MasterDuties;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Mastership;
import org.hatask.cluster.MastershipListener;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.cluster.Operations;
import org.hatask.cluster.OperatorAction;
import org.hatask.execute.Attempt;
import org.hatask.execute.ExecutorSettings;
import org.hatask.execute.Outcome;
import org.hatask.execute.Refusal;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskDefinitionFactory;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskInvoker;
import org.hatask.execute.TaskObserver;
import org.hatask.execute.Tasks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.support.StaticListableBeanFactory;

/** What follows from winning and losing, with a real executor; the thread of the duties is run by hand. */
@Timeout(30)
class MasterRoleTest {

    static class Desk {

        @HaTask(role = Role.MASTER)
        public void book() {}
    }

    private static final TaskDefinition BOOK = new TaskDefinitionFactory(
                    text -> text, Tasks.DEFAULTS, false, java.util.Map.of(), org.hatask.Balance.ROUND_ROBIN)
            .definitions("desk", Desk.class)
            .values()
            .iterator()
            .next();

    private final List<String> happened = new ArrayList<>();
    private final Queue<Runnable> dutiesThread = new ConcurrentLinkedQueue<>();
    private final AtomicLong held = new AtomicLong();
    private final Node self =
            new Node("n1", "i1", URI.create("http://localhost:1"), NodeState.UP, true, true, 1, null, Instant.EPOCH);
    private final TaskExecutor executor = new TaskExecutor(
            new ExecutorSettings(2, 2),
            held::get,
            () -> self,
            new TaskInvoker(new StaticListableBeanFactory()),
            System::nanoTime,
            TaskObserver.NONE);
    private Exception obstacle;

    private final MasterDuties duties = new MasterDuties() {
        @Override
        public void takeUp(long epoch) throws Exception {
            happened.add("take up " + epoch);
            if (obstacle != null) {
                throw obstacle;
            }
        }

        @Override
        public void layDown(long epoch) {
            happened.add("lay down " + epoch);
        }
    };

    private final MasterElection election = new MasterElection() {
        @Override
        public void start() {}

        @Override
        public Mastership mastership() {
            return held::get;
        }

        @Override
        public void resign(String cause, Duration atMost) {}

        @Override
        public void giveBack(long epoch, String cause) {
            happened.add("give back " + epoch + ": " + cause);
        }

        @Override
        public void standAside(String why) {}

        @Override
        public void masterIsGone(Master master) {}

        @Override
        public void masterIsBack(Master master) {}

        @Override
        public List<MasterChange> history() {
            return List.of();
        }

        @Override
        public void close() {}
    };

    private final Operations operations = new Operations() {
        @Override
        public CompletableFuture<OperatorAction> order(Command command) {
            throw new IllegalStateException("nobody orders here");
        }

        @Override
        public void masterTookUp(long epoch) {
            happened.add("note: took up " + epoch);
        }

        @Override
        public void masterLaidDown() {
            happened.add("note: laid down");
        }

        @Override
        public void masterFailed(String reason) {
            happened.add("note: failed, " + reason);
        }
    };

    private final MastershipListener audience = new MastershipListener() {
        @Override
        public void gained(long epoch) {
            happened.add("told: gained " + epoch);
        }

        @Override
        public void lost(long epoch, String cause) {
            happened.add("told: lost " + epoch);
        }
    };

    private MasterRole role(MasterDuties which) {
        return new MasterRole(
                () -> new MasterRole.Parts(executor, election, operations, which),
                audience,
                dutiesThread::add,
                Duration.ofSeconds(20));
    }

    private void runDuties() {
        while (!dutiesThread.isEmpty()) {
            dutiesThread.remove().run();
        }
    }

    private CompletableFuture<Outcome> attempt(Callable<Object> body) {
        Attempt attempt = new Attempt(BOOK, "t1", 1, held.get(), System.nanoTime() + 60_000_000_000L, "n7");
        return executor.runInPlace(attempt, body);
    }

    private Outcome attempt() {
        return attempt(() -> null).join();
    }

    @AfterEach
    void close() {
        executor.close();
    }

    @Test
    void withoutDutiesTasksAreAdmittedAtOnce() {
        MasterRole role = role(MasterDuties.NONE);
        held.set(3);
        assertThat(attempt()).isInstanceOf(Outcome.Refused.class);

        role.gained(3);

        assertThat(attempt()).isInstanceOf(Outcome.Succeeded.class);
        assertThat(role.isActive()).isTrue();
    }

    @Test
    void tasksAreAdmittedAndTheApplicationIsToldOnlyWhenTheDutiesAreTakenUp() {
        MasterRole role = role(duties);
        held.set(3);
        role.gained(3);
        assertThat(attempt())
                .isEqualTo(new Outcome.Refused(
                        Refusal.NOT_MASTER, "node n1 is just taking up its mastership or handing it over"));
        assertThat(role.isActive()).isFalse();

        runDuties();

        assertThat(attempt()).isInstanceOf(Outcome.Succeeded.class);
        assertThat(happened).containsExactly("take up 3", "note: took up 3", "told: gained 3");
    }

    @Test
    void whoCannotTakeItUpGivesItBackAndNothingIsAdmitted() {
        MasterRole role = role(duties);
        obstacle = new IllegalStateException("disk is full");
        held.set(3);
        role.gained(3);
        runDuties();

        assertThat(happened)
                .containsExactly(
                        "take up 3",
                        "note: failed, disk is full",
                        "give back 3: it could not take up its duties: disk is full");
        assertThat(attempt()).isInstanceOf(Outcome.Refused.class);
        assertThat(role.isActive()).isFalse();
        // The election tells of the end in its own time; there is nothing to lay down.
        role.lost(3, "given back");
        runDuties();
        assertThat(happened).doesNotContain("lay down 3");
    }

    @Test
    void aMastershipLostBeforeItsDutiesBeganIsNotTakenUp() {
        MasterRole role = role(duties);
        held.set(3);
        role.gained(3);
        held.set(0);
        role.lost(3, "lost its session");
        runDuties();

        assertThat(happened).containsExactly("note: laid down");
        assertThat(role.isActive()).isFalse();
    }

    @Test
    void aMastershipLostWhileItsDutiesAreTakenUpIsLaidDownAndNeverOpened() {
        MasterRole[] role = new MasterRole[1];
        MasterDuties slow = new MasterDuties() {
            @Override
            public void takeUp(long epoch) {
                happened.add("take up " + epoch);
                held.set(0);
                role[0].lost(epoch, "lost its session");
            }

            @Override
            public void layDown(long epoch) {
                happened.add("lay down " + epoch);
            }
        };
        role[0] = role(slow);
        held.set(3);
        role[0].gained(3);
        runDuties();

        assertThat(happened).containsExactly("take up 3", "lay down 3", "note: laid down");
        assertThat(role[0].isActive()).isFalse();
        held.set(3);
        assertThat(attempt()).isInstanceOf(Outcome.Refused.class);
    }

    @Test
    void aHandOverWhileItsDutiesAreTakenUpIsNotOpenedAgain() {
        MasterRole[] role = new MasterRole[1];
        CompletableFuture<?>[] quiet = new CompletableFuture<?>[1];
        MasterDuties slow = new MasterDuties() {
            @Override
            public void takeUp(long epoch) {
                happened.add("take up " + epoch);
                quiet[0] = role[0].handingOver(epoch, "promotion of n2");
            }

            @Override
            public void layDown(long epoch) {
                happened.add("lay down " + epoch);
            }
        };
        role[0] = role(slow);
        held.set(3);
        role[0].gained(3);
        runDuties();

        assertThat(quiet[0]).isDone();
        assertThat(happened).containsExactly("take up 3", "lay down 3");
        assertThat(attempt()).isInstanceOf(Outcome.Refused.class);
    }

    @Test
    void dutiesThatAreTakenUpInVainAreInterruptedAndTakeNoAppointmentBack() throws Exception {
        CountDownLatch starting = new CountDownLatch(1);
        MasterDuties endless = new MasterDuties() {
            @Override
            public void takeUp(long epoch) throws InterruptedException {
                starting.countDown();
                new CountDownLatch(1).await();
            }

            @Override
            public void layDown(long epoch) {
                happened.add("lay down " + epoch);
            }
        };
        MasterRole role = role(endless);
        held.set(3);
        role.gained(3);
        CompletableFuture<Void> running = CompletableFuture.runAsync(this::runDuties);
        starting.await();

        role.lost(3, "lost its session");

        assertThat(running).succeedsWithin(Duration.ofSeconds(20));
        runDuties();
        assertThat(happened).containsExactly("note: laid down");
    }

    @Test
    void theSameEpochGainedAgainWhileItIsTakenUpIsOpenedOnlyByItsOwnDuties() {
        MasterRole[] role = new MasterRole[1];
        boolean[] again = new boolean[1];
        MasterDuties slow = new MasterDuties() {
            @Override
            public void takeUp(long epoch) {
                happened.add("take up " + epoch);
                if (!again[0]) {
                    again[0] = true;
                    role[0].lost(epoch, "its lease ended before it could be renewed");
                    role[0].gained(epoch);
                } else {
                    assertThat(attempt()).isInstanceOf(Outcome.Refused.class);
                }
            }

            @Override
            public void layDown(long epoch) {
                happened.add("lay down " + epoch);
                assertThat(attempt()).isInstanceOf(Outcome.Refused.class);
            }
        };
        role[0] = role(slow);
        held.set(3);
        role[0].gained(3);
        runDuties();

        assertThat(happened)
                .containsSubsequence("take up 3", "lay down 3", "take up 3", "told: gained 3")
                .doesNotContain("told: lost 3");
        assertThat(attempt()).isInstanceOf(Outcome.Succeeded.class);
    }

    @Test
    void theSameEpochGainedOnceMoreIsTakenUpOnceMore() {
        MasterRole role = role(duties);
        held.set(3);
        role.gained(3);
        runDuties();
        role.lost(3, "its lease ended before it could be renewed");
        role.gained(3);
        runDuties();

        assertThat(happened)
                .containsSubsequence("take up 3", "lay down 3", "told: lost 3", "take up 3", "told: gained 3");
        assertThat(attempt()).isInstanceOf(Outcome.Succeeded.class);
    }

    @Test
    void aHandOverWaitsForWhatRunsAndAdmitsNothingNew() throws Exception {
        MasterRole role = role(duties);
        held.set(3);
        role.gained(3);
        runDuties();
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        CompletableFuture<Outcome> running = CompletableFuture.supplyAsync(() -> attempt(() -> {
                    entered.countDown();
                    leave.await();
                    return null;
                })
                .join());
        entered.await();

        CompletableFuture<?> quiet = role.handingOver(3, "promotion of n2");

        assertThat(attempt()).isInstanceOf(Outcome.Refused.class);
        assertThat(quiet).isNotDone();
        leave.countDown();
        assertThat(running).succeedsWithin(Duration.ofSeconds(20)).isInstanceOf(Outcome.Succeeded.class);
        org.awaitility.Awaitility.await().until(() -> !dutiesThread.isEmpty());
        runDuties();
        assertThat(quiet).succeedsWithin(Duration.ofSeconds(20));
        assertThat(happened).endsWith("lay down 3");
    }

    @Test
    void aHandOverIsToldWhenItBeginsAndTheNodeIsNoLongerActive() {
        List<Boolean> active = new ArrayList<>();
        MasterRole[] role = new MasterRole[1];
        MastershipListener watching = new MastershipListener() {
            @Override
            public void gained(long epoch) {}

            @Override
            public void lost(long epoch, String cause) {}

            @Override
            public CompletableFuture<?> handingOver(long epoch, String cause) {
                active.add(role[0].isActive());
                return new CompletableFuture<>();
            }
        };
        role[0] = new MasterRole(
                () -> new MasterRole.Parts(executor, election, operations, MasterDuties.NONE),
                watching,
                dutiesThread::add,
                Duration.ofSeconds(20));
        held.set(3);
        role[0].gained(3);
        runDuties();

        CompletableFuture<?> quiet = role[0].handingOver(3, "promotion of n2");

        assertThat(active).containsExactly(false);
        runDuties();
        assertThat(quiet).isDone();
    }
}
