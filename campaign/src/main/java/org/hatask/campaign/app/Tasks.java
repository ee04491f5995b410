package org.hatask.campaign.app;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.hatask.HaTask;
import org.hatask.Retry;
import org.hatask.Role;
import org.hatask.TaskContext;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** The tasks of the cluster under test. Each writes down what it does. */
@Component
class Tasks {

    private static final long PID = ProcessHandle.current().pid();

    private final EventLog events;
    private final Register register;
    private final UnfencedLog unfenced;
    private final String node;

    Tasks(EventLog events, Register register, UnfencedLog unfenced, @Value("${ha.node.id}") String node) {
        this.events = events;
        this.register = register;
        this.unfenced = unfenced;
        this.node = node;
    }

    /**
     * Works a little and asks for the mastership at every step, appends to the unfenced log, works on without asking or listening,
     * and writes to the fenced register.
     */
    @HaTask(name = "write", role = Role.MASTER, timeout = "6s")
    public void write(String id) throws InterruptedException {
        TaskContext task = TaskContext.current();
        long epoch = task.epoch().orElseThrow();
        events.record("begin", id, epoch);
        try {
            for (int step = random(1, 6); step > 0; step--) {
                checked(task, id, epoch);
                Thread.sleep(5);
            }
            unfenced.append(checked(task, id, epoch), node, PID, id, epoch);
            workWithoutListening(random(0, 25));
            register.write(id, epoch, node);
            events.record("written", id, epoch);
        } finally {
            events.record("end", id, epoch);
        }
    }

    /** Neither asks nor writes, but ends when it is interrupted. */
    @HaTask(name = "hold", role = Role.MASTER, timeout = "6s")
    public void hold(String id) throws InterruptedException {
        long epoch = TaskContext.current().epoch().orElseThrow();
        events.record("begin", id, epoch);
        try {
            for (int step = random(5, 40); step > 0; step--) {
                events.record("busy", id, epoch);
                Thread.sleep(5);
            }
        } finally {
            events.record("end", id, epoch);
        }
    }

    @HaTask(name = "once", role = Role.ANY, timeout = "4s")
    public String once(String id) throws InterruptedException {
        return run(id);
    }

    @HaTask(name = "once-worker", role = Role.WORKER, timeout = "4s")
    public String onceWorker(String id) throws InterruptedException {
        return run(id);
    }

    @HaTask(name = "again", role = Role.ANY, timeout = "4s", retry = @Retry(maxAttempts = 3, delay = "50ms"))
    public String again(String id) throws InterruptedException {
        return run(id);
    }

    private String run(String id) throws InterruptedException {
        events.record("run", id);
        Thread.sleep(random(1, 40));
        return id;
    }

    /** When it was asked, which is before it was true. */
    private long checked(TaskContext task, String id, long epoch) {
        long now = System.nanoTime();
        task.checkMaster();
        events.recordAt(now, "checked", id, epoch);
        return now;
    }

    /** As a computation that never looks up; what pauses it here leaves it to write under an epoch of the past. */
    private static void workWithoutListening(int millis) {
        long end = System.nanoTime() + millis * 1_000_000L;
        while (System.nanoTime() - end < 0) {
            LockSupport.parkNanos(1_000_000);
            Thread.interrupted();
        }
        Thread.interrupted();
    }

    private static int random(int least, int most) {
        return ThreadLocalRandom.current().nextInt(least, most + 1);
    }
}
