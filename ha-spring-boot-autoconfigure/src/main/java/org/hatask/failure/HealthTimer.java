package org.hatask.failure;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets time pass for the judgement of nodes: one thread, twenty times a second. Runs from its creation to its close; the
 * first time on the creating thread, so that what is looked up late is looked up there.
 */
public final class HealthTimer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HealthTimer.class);
    private static final long PERIOD_MILLIS = 50;

    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
        Thread thread = new Thread(task, "ha-health");
        thread.setDaemon(true);
        return thread;
    });

    /** @param stuckTasks looks at this node before {@code health} looks at all */
    public HealthTimer(StuckTaskWatchdog stuckTasks, NodeHealth health) {
        Runnable tick = () -> {
            try {
                stuckTasks.tick();
                health.tick();
            } catch (RuntimeException | Error e) {
                log.error("The health of the nodes could not be judged; trying again", e);
            }
        };
        tick.run();
        timer.scheduleWithFixedDelay(tick, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
