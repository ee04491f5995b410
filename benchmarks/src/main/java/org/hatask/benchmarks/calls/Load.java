package org.hatask.benchmarks.calls;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;

/** Calls of several threads, each of which makes its next call when the last one has been answered. */
final class Load implements AutoCloseable {

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

    private static Histogram newHistogram() {
        return new Histogram(3);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
