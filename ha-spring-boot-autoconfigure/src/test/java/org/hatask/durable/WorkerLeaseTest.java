package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.hatask.durable.FlakyStore.Line;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerLeaseTest {

    /** Long enough for a busy machine that stands still for a second. */
    private static final Duration LENGTH = Duration.ofSeconds(5);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final MemoryTaskStore store = new MemoryTaskStore(Clock.systemUTC(), 1000);
    private final FlakyStore flaky = new FlakyStore(store);
    private final AtomicLong skipped = new AtomicLong();
    private final AtomicInteger told = new AtomicInteger();
    private final WorkerLease lease = new WorkerLease(
            flaky.store(), "abc", LENGTH, () -> System.nanoTime() + skipped.get(), told::incrementAndGet);

    @BeforeEach
    void start() {
        lease.start();
        await().atMost(PATIENCE).until(lease::isHeld);
    }

    @AfterEach
    void end() {
        lease.release();
    }

    @Test
    void nodeRegistersAndRenews() {
        assertThat(lease.worker()).isEqualTo("abc.1");
        assertThat(store.workers()).containsExactly("abc.1");
        assertThat(lease.isSteady()).isFalse();

        await().atMost(PATIENCE).until(lease::isSteady);

        assertThat(lease.worker()).isEqualTo("abc.1");
        assertThat(told).hasPositiveValue();
    }

    /** A third before, so that what it tells to stop has the time to. */
    @Test
    void nodeKnowsItsLeaseIsOverBeforeTheStoreEndsIt() {
        AtomicLong nanos = new AtomicLong();
        Clock clock = mock(Clock.class);
        when(clock.instant()).thenAnswer(call -> Instant.EPOCH.plusNanos(nanos.get()));
        MemoryTaskStore exact = new MemoryTaskStore(clock, 1000);
        FlakyStore line = new FlakyStore(exact);
        WorkerLease counted = new WorkerLease(line.store(), "def", LENGTH, nanos::get, () -> {});
        counted.start();
        try {
            await().atMost(PATIENCE).until(counted::isHeld);
            line.set(Line.CUT);

            nanos.set(LENGTH.toNanos() * 66 / 100);
            assertThat(counted.isHeld()).isTrue();
            nanos.set(LENGTH.toNanos() * 67 / 100);
            assertThat(counted.isHeld()).isFalse();

            nanos.set(LENGTH.toNanos() - 1_000_000);
            exact.expire(Instant.MAX);
            assertThat(exact.workers()).containsExactly("def.1");
            nanos.set(LENGTH.toNanos());
            exact.expire(Instant.MAX);
            assertThat(exact.workers()).isEmpty();
        } finally {
            counted.release();
        }
    }

    @Test
    void leaseThatNobodyEndedGoesOnButIsNotSteadyForAWhile() {
        await().atMost(PATIENCE).until(lease::isSteady);
        flaky.set(Line.CUT);
        await().atMost(PATIENCE).until(() -> !lease.isHeld());

        flaky.set(Line.WHOLE);

        await().atMost(PATIENCE).until(lease::isHeld);
        assertThat(lease.worker()).isEqualTo("abc.1");
        assertThat(lease.isSteady()).isFalse();
    }

    /** Others may have waited for their renewals as long. */
    @Test
    void leaseWhoseRenewalTookLongIsNotSteadyForAWhile() {
        await().atMost(PATIENCE).until(lease::isSteady);
        CompletableFuture<Void> goOn = flaky.hold("renew");

        skipped.addAndGet(LENGTH.toNanos() * 9 / 10);
        goOn.complete(null);

        await().atMost(PATIENCE).until(lease::isHeld);
        assertThat(lease.isSteady()).isFalse();
    }

    @Test
    void nodeWhoseLeaseWasEndedGoesOnAsAnotherWorker() {
        int before = told.get();
        store.release("abc.1");

        await().atMost(PATIENCE).until(() -> "abc.2".equals(lease.worker()));

        assertThat(lease.isHeldBy("abc.1")).isFalse();
        assertThat(store.workers()).containsExactly("abc.2");
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(told).hasValueGreaterThan(before));
    }

    @Test
    void processThatWasPausedFindsItsLeaseOverAtItsFirstQuestion() {
        flaky.set(Line.CUT);
        skipped.set(LENGTH.toNanos());

        assertThat(lease.isHeld()).isFalse();
        assertThat(lease.worker()).isNull();
    }

    @Test
    void registrationWhoseAnswerGotLostHoldsNothingUp() {
        store.release("abc.1");
        flaky.set(Line.ANSWERS_LOST, "register"::equals);
        await().atMost(PATIENCE).until(() -> !lease.isHeld() && store.workers().size() > 1);

        flaky.set(Line.WHOLE);

        await().atMost(PATIENCE).until(lease::isHeld);
        assertThat(store.workers()).contains(lease.worker());
    }

    @Test
    void releaseEndsTheRegistration() {
        lease.release();

        assertThat(lease.isHeld()).isFalse();
        assertThat(store.workers()).isEmpty();
    }
}
