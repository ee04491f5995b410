package org.hatask.campaign.app;

import jakarta.annotation.PreDestroy;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hatask.HaException;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Threads that call the tasks, one call after the other, and write down what came of each. */
@Component
class Callers {

    private final Tasks tasks;
    private final EventLog events;
    private final NodeSettings settings;
    private final String node;
    private final AtomicInteger open = new AtomicInteger();
    private final CountDownLatch quiet = new CountDownLatch(1);

    /** A call that may throw whatever a task throws. */
    private interface Call {
        void make(String id) throws Throwable;
    }

    Callers(Tasks tasks, EventLog events, NodeSettings settings, @Value("${ha.node.id}") String node) {
        this.tasks = tasks;
        this.events = events;
        this.settings = settings;
        this.node = node;
    }

    @EventListener(ApplicationReadyEvent.class)
    void start() {
        Thread pulse = new Thread(this::pulse, "pulse");
        pulse.setDaemon(true);
        pulse.start();
        for (int i = 0; i < settings.callers(); i++) {
            int caller = i;
            Thread thread = new Thread(() -> callOn(caller), "caller-" + i);
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** No more calls. */
    @PreDestroy
    void quiet() {
        quiet.countDown();
    }

    int open() {
        return open.get();
    }

    /** A process that is stopped has no pulse: so the gaps tell when it was, or had no processor. */
    private void pulse() {
        try {
            do {
                events.record("alive");
            } while (!new CountDownLatch(1).await(50, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void callOn(int caller) {
        Random random = new Random(settings.seed() * 31 + caller);
        String prefix = node + "-" + ProcessHandle.current().pid() + "-" + caller + "-";
        try {
            for (int number = 0; !quiet.await(random.nextInt(20, 120), TimeUnit.MILLISECONDS); number++) {
                String id = prefix + number;
                int dice = random.nextInt(100);
                if (dice < 50) {
                    call("write", id, tasks::write);
                } else if (dice < 60) {
                    call("hold", id, tasks::hold);
                } else if (dice < 75) {
                    call("once", id, tasks::once);
                } else if (dice < 85) {
                    call("once-worker", id, tasks::onceWorker);
                } else {
                    call("again", id, tasks::again);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void call(String task, String id, Call call) {
        open.incrementAndGet();
        events.record("call", id, task);
        String result;
        try {
            call.make(id);
            result = "ok";
        } catch (HaException | RegisterException e) {
            result = e.getClass().getSimpleName();
        } catch (InterruptedException e) {
            // What stops an attempt in place ends its method with this, which is the method's own error.
            result = "InterruptedException";
        } catch (Throwable e) {
            result = "untyped:" + e;
        }
        events.record("return", id, result);
        open.decrementAndGet();
    }
}
