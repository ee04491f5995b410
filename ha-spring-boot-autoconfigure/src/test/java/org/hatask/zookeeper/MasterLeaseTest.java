package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MasterLeaseTest {

    private static final Duration TICK = Duration.ofMillis(100);

    private long nowNanos = Long.MAX_VALUE - 5_000_000; // The clock may overflow at any time.
    private final long zero = nowNanos;
    private final MasterLease lease = new MasterLease(() -> nowNanos, TICK);

    @BeforeEach
    void session() {
        lease.restart(Duration.ofMillis(1000));
    }

    @Test
    void nothingIsProvedAtFirst() {
        assertThat(lease.holds()).isFalse();
    }

    @Test
    void oneWriteProvesNothing() {
        assertThat(acked(0, 5)).isFalse();
        at(10);
        assertThat(lease.holds()).isFalse();
    }

    @Test
    void twoWritesProveNothingWhenTheSecondWasSentLessThanATickAfterTheFirstAcknowledgement() {
        acked(0, 5);
        assertThat(acked(104, 106)).isFalse();
        at(107);
        assertThat(lease.holds()).isFalse();
    }

    @Test
    void aSecondWriteSentATickAfterTheFirstAcknowledgementProvesTheSendOfTheFirst() {
        acked(0, 5);
        assertThat(acked(105, 107)).isTrue();
        at(107);
        assertThat(lease.remaining()).isEqualTo(Duration.ofMillis(900 - 107));
    }

    @Test
    void endsATenthBeforeTheSessionCounted() {
        acked(10, 15);
        acked(200, 210);
        at(909);
        assertThat(lease.holds()).isTrue();
        at(910);
        assertThat(lease.holds()).isFalse();
    }

    @Test
    void theNewestOfSeveralProvedWritesCounts() {
        acked(0, 5);
        acked(50, 55);
        acked(90, 160);
        acked(155, 158);
        at(160);
        assertThat(lease.remaining()).isEqualTo(Duration.ofMillis(50 + 900 - 160));
    }

    @Test
    void acknowledgementsMayBeToldInAnyOrder() {
        acked(200, 210);
        assertThat(acked(0, 5)).isTrue();
        at(210);
        assertThat(lease.remaining()).isEqualTo(Duration.ofMillis(900 - 210));
    }

    @Test
    void aLateAcknowledgementMakesAWriteWorthlessForThoseSentBeforeIt() {
        acked(0, 300);
        assertThat(acked(390, 395)).isFalse();
        assertThat(acked(400, 405)).isTrue();
    }

    @Test
    void anOlderProofDoesNotShortenTheLease() {
        acked(0, 5);
        acked(100, 105);
        acked(205, 210);
        at(210);
        Duration before = lease.remaining();
        assertThat(acked(50, 55)).isFalse();
        assertThat(lease.remaining()).isEqualTo(before);
    }

    @Test
    void hasEndedWhenTheProcessWakesFromAPauseEvenIfAcknowledgementsAreWaiting() {
        acked(0, 5);
        acked(105, 110);
        at(5_000);
        assertThat(lease.holds()).isFalse();
        // What was sent before the pause and is seen only now moves the end, but not beyond the session.
        acked(220, 5_000);
        assertThat(lease.holds()).isFalse();
        // A write of now proves nothing yet, for the one before it is too old to help.
        acked(5_001, 5_002);
        assertThat(lease.holds()).isFalse();
        acked(5_102, 5_103);
        at(5_103);
        assertThat(lease.holds()).isTrue();
    }

    @Test
    void aNewSessionProvesNothingForTheOldAndTheOldNothingForTheNew() {
        acked(0, 5);
        acked(105, 110);
        lease.restart(Duration.ofMillis(1000));
        at(110);
        assertThat(lease.holds()).isFalse();
        assertThat(acked(250, 255)).isFalse();
        assertThat(lease.holds()).isFalse();
    }

    @Test
    void usesTheTimeoutOfTheSession() {
        lease.restart(Duration.ofMillis(2000));
        acked(0, 5);
        acked(105, 110);
        at(110);
        assertThat(lease.remaining()).isEqualTo(Duration.ofMillis(1800 - 110));
    }

    @Test
    void manyUnprovedWritesDoNotStarveTheProof() {
        for (int i = 0; i < 1000; i++) {
            long sent = i / 10;
            acked(sent, sent + 1);
        }
        assertThat(acked(300, 301)).isTrue();
        at(301);
        assertThat(lease.holds()).isTrue();
    }

    private boolean acked(long sentMillis, long ackedMillis) {
        return lease.acknowledged(nanos(sentMillis), nanos(ackedMillis));
    }

    private void at(long millis) {
        nowNanos = nanos(millis);
    }

    private long nanos(long millis) {
        return zero + millis * 1_000_000;
    }
}
