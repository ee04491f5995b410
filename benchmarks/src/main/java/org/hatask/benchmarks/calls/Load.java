package org.hatask.benchmarks.calls;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** Calls of several threads, each of which makes its next call when the last one has been answered. */
final class Load implements AutoCloseable {

    private static final Duration LONGEST = Duration.ofMinutes(10);

    /** Of short calls at a steady pace. */
    private static final int PACED_CALLERS = 8;

    /** Before short calls are measured, so that what is beside them has begun. */
    private static final int LEAD_MILLIS = 500;

    private final Contender.Caller caller;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "caller");
        thread.setDaemon(true);
        return thread;
    });

    Load(Contender.Caller caller) {
        this.caller = caller;
    }

    /**
     * @param calls that were answered
     * @param p50Nanos median time of a call
     * @param p99Nanos time of a call that one in a hundred exceeds
     * @param p999Nanos the same for one in a thousand
     */
    record Measured(long calls, double perSecond, long p50Nanos, long p99Nanos, long p999Nanos) {

        private static Measured of(Histogram times, long nanos) {
            return new Measured(
                    times.getTotalCount(),
                    times.getTotalCount() / (nanos / 1e9),
                    times.getValueAtPercentile(50),
                    times.getValueAtPercentile(99),
                    times.getValueAtPercentile(99.9));
        }

        @Override
        public String toString() {
            return calls + " " + perSecond + " " + p50Nanos + " " + p99Nanos + " " + p999Nanos;
        }

        static Measured parse(String text) {
            String[] parts = text.split(" ");
            return new Measured(
                    Long.parseLong(parts[0]),
                    Double.parseDouble(parts[1]),
                    Long.parseLong(parts[2]),
                    Long.parseLong(parts[3]),
                    Long.parseLong(parts[4]));
        }
    }

    /** A failed or a wrong answer ends it. */
    Measured run(int callers, int bytes, int millis) throws Exception {
        String text = "x".repeat(bytes);
        long start = System.nanoTime();
        long end = start + millis * 1_000_000L;
        List<Future<Histogram>> running = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            int number = i;
            running.add(threads.submit(() -> call(text, number, end)));
        }
        Histogram all = newHistogram();
        for (Future<Histogram> one : running) {
            all.add(one.get());
        }
        return Measured.of(all, System.nanoTime() - start);
    }

    private Histogram call(String text, int number, long end) throws Exception {
        String expected = Contender.answer(text, number);
        Histogram times = newHistogram();
        long before = System.nanoTime();
        while (before - end < 0) {
            String answer = caller.work(text, number);
            long after = System.nanoTime();
            if (!expected.equals(answer)) {
                throw new IllegalStateException("A wrong answer");
            }
            times.recordValue(after - before);
            before = after;
        }
        return times;
    }

    /**
     * Short calls at a steady pace, and what is beside them.
     *
     * @param millis how long short calls are measured
     * @param perSecond short calls, of {@link #PACED_CALLERS} callers
     * @param resting callers whose calls take long
     * @param restMillis how long
     * @param largePerSecond large calls, of one caller
     * @param largeBytes of their text, there and back
     */
    record Mix(int millis, int perSecond, int resting, int restMillis, int largePerSecond, int largeBytes) {

        @Override
        public String toString() {
            return millis + " " + perSecond + " " + resting + " " + restMillis + " " + largePerSecond + " "
                    + largeBytes;
        }

        static Mix of(int... numbers) {
            return new Mix(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]);
        }
    }

    /** How long the short calls took. A failed or a wrong answer ends it. */
    Measured mixed(Mix mix) throws Exception {
        long start = System.nanoTime();
        long measured = start + LEAD_MILLIS * 1_000_000L;
        long end = measured + mix.millis() * 1_000_000L;
        List<Future<?>> beside = new ArrayList<>();
        for (int i = 0; i < mix.resting(); i++) {
            beside.add(threads.submit(() -> {
                while (System.nanoTime() - end < 0) {
                    caller.rest(mix.restMillis());
                }
                return null;
            }));
        }
        if (mix.largePerSecond() > 0) {
            beside.add(threads.submit(() -> pace("x".repeat(mix.largeBytes()), 0, start, mix.largePerSecond(), end)));
        }
        List<Future<Histogram>> running = new ArrayList<>();
        for (int i = 0; i < PACED_CALLERS; i++) {
            int number = i;
            // Each a little later than the one before.
            long first = measured + i * 1_000_000_000L / mix.perSecond();
            running.add(
                    threads.submit(() -> pace("short", number, first, (double) mix.perSecond() / PACED_CALLERS, end)));
        }
        Histogram all = newHistogram();
        for (Future<Histogram> one : running) {
            all.add(one.get());
        }
        for (Future<?> one : beside) {
            one.get();
        }
        return Measured.of(all, end - measured);
    }

    /** A call that begins late as the one before took too long has taken longer by that. */
    private Histogram pace(String text, int number, long first, double perSecond, long end) throws Exception {
        String expected = Contender.answer(text, number);
        long interval = (long) (1e9 / perSecond);
        Histogram times = newHistogram();
        for (long due = first; due - end < 0; due += interval) {
            boolean late = System.nanoTime() - due > 0;
            while (System.nanoTime() - due < 0) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            long before = late ? due : System.nanoTime();
            String answer = caller.work(text, number);
            if (!expected.equals(answer)) {
                throw new IllegalStateException("A wrong answer");
            }
            times.recordValue(System.nanoTime() - before);
        }
        return times;
    }

    /** Several calls that take long, of which each is made again until it has been answered. */
    String rest(int calls, int millis) throws Exception {
        List<Future<String>> running = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            running.add(threads.submit(() -> {
                while (true) {
                    try {
                        return caller.rest(millis);
                    } catch (Exception e) {
                        // As its user would do.
                    }
                }
            }));
        }
        List<String> began = new ArrayList<>();
        for (Future<String> one : running) {
            began.add(one.get());
        }
        return String.join(" ", began);
    }

    /** Goes on when calls fail. */
    Timeline watch(int callers, int bytes, int millis) throws Exception {
        String text = "x".repeat(bytes);
        long start = System.nanoTime();
        long end = start + millis * 1_000_000L;
        Timeline timeline = new Timeline(start, millis);
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < callers; i++) {
            int number = i;
            running.add(threads.submit(() -> watch(text, number, end, timeline)));
        }
        for (Future<?> one : running) {
            one.get();
        }
        return timeline;
    }

    private void watch(String text, int number, long end, Timeline timeline) {
        long before = System.nanoTime();
        while (before - end < 0) {
            boolean answered = isAnswered(text, number);
            long after = System.nanoTime();
            if (answered) {
                timeline.ended(before, after);
            } else {
                timeline.failed();
            }
            before = after;
        }
    }

    private boolean isAnswered(String text, int number) {
        try {
            return Contender.answer(text, number).equals(caller.work(text, number));
        } catch (Exception e) {
            return false;
        }
    }

    /** Made in one piece, as one that grows would measure its growing. */
    private static Histogram newHistogram() {
        return new Histogram(LONGEST.toNanos(), 2);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
