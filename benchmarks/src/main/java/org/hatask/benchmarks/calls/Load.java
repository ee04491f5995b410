package org.hatask.benchmarks.calls;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;

/** Calls of several threads, each of which makes its next call when the last one has been answered. */
final class Load implements AutoCloseable {

    private static final Duration LONGEST = Duration.ofMinutes(10);

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
     */
    record Measured(long calls, double perSecond, long p50Nanos, long p99Nanos) {

        @Override
        public String toString() {
            return calls + " " + perSecond + " " + p50Nanos + " " + p99Nanos;
        }

        static Measured parse(String text) {
            String[] parts = text.split(" ");
            return new Measured(
                    Long.parseLong(parts[0]),
                    Double.parseDouble(parts[1]),
                    Long.parseLong(parts[2]),
                    Long.parseLong(parts[3]));
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
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Measured(
                all.getTotalCount(),
                all.getTotalCount() / seconds,
                all.getValueAtPercentile(50),
                all.getValueAtPercentile(99));
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
