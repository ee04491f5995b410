package org.hatask.campaign.soak.app;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Threads that call all tasks in turn, until the node is closed. What comes of a call is told by the node's own figures. */
@Component
class SoakCallers implements DisposableBean {

    private static final int CALLERS = 3;

    private final SoakTasks tasks;
    private final CountDownLatch quiet = new CountDownLatch(1);
    private final List<Thread> threads = new ArrayList<>();

    /** A call that may throw what a task throws. */
    private interface Call {
        void make(String text) throws Exception;
    }

    SoakCallers(SoakTasks tasks) {
        this.tasks = tasks;
    }

    @EventListener(ApplicationReadyEvent.class)
    void start() {
        for (int i = 0; i < CALLERS; i++) {
            Thread thread = new Thread(this::callOn, "caller-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    private void callOn() {
        List<Call> calls = List.of(
                tasks::any,
                tasks::again,
                tasks::worker,
                tasks::master,
                tasks::hashed,
                text -> tasks.later(text).get(),
                tasks::any,
                tasks::late,
                tasks::again,
                tasks::fails);
        try {
            for (int number = 0; !quiet.await(pause(), TimeUnit.MILLISECONDS); number++) {
                try {
                    calls.get(number % calls.size()).make(Integer.toString(number));
                } catch (InterruptedException e) {
                    throw e;
                } catch (Exception e) {
                    // Nodes die all the time here.
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static int pause() {
        return ThreadLocalRandom.current().nextInt(30, 90);
    }

    @Override
    public void destroy() throws InterruptedException {
        quiet.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
