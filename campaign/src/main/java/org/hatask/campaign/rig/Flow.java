package org.hatask.campaign.rig;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What one party's packets to another meet. TCP does not lose bytes: a cut holds them back until it is healed, and so does, for
 * the time of a retransmission, a loss. Its lock guards the state.
 */
final class Flow {

    private static final long FIRST_RETRANSMISSION_MILLIS = 200;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition healed = lock.newCondition();
    private final Random random;
    private int cuts;
    private int slowed;
    private Duration delay = Duration.ZERO;
    private double loss;

    Flow(long seed) {
        this.random = new Random(seed);
    }

    /** One more reason to let nothing through. */
    void cut() {
        lock.lock();
        try {
            cuts++;
        } finally {
            lock.unlock();
        }
    }

    /** One reason less. */
    void heal() {
        lock.lock();
        try {
            cuts--;
            healed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** From now on everything takes longer, and some of it has to be sent again. */
    void slow(Duration by, double lost) {
        lock.lock();
        try {
            slowed++;
            delay = by;
            loss = lost;
        } finally {
            lock.unlock();
        }
    }

    /** One slow-down ends; with the last one everything is fast again. */
    void fast() {
        lock.lock();
        try {
            slowed--;
            if (slowed == 0) {
                delay = Duration.ZERO;
                loss = 0;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns when what was sent would have arrived. */
    void pass() throws InterruptedException {
        lock.lock();
        try {
            long late = delay.toNanos();
            for (long again = FIRST_RETRANSMISSION_MILLIS; loss > 0 && random.nextDouble() < loss; again *= 2) {
                late += TimeUnit.MILLISECONDS.toNanos(again);
            }
            while (late > 0) {
                late = healed.awaitNanos(late);
            }
            while (cuts > 0) {
                healed.await();
            }
        } finally {
            lock.unlock();
        }
    }
}
