package org.hatask.proof;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.hatask.Delivery;
import org.hatask.HaTask;
import org.hatask.Retry;
import org.hatask.TaskContext;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Durable tasks that append a line to a file of this process when they begin and when they end. A line is one write to a file,
 * which is safe from the end of the process, though not from that of the machine.
 */
@Component
public class ProofTasks {

    private final FileOutputStream file;

    ProofTasks(@Value("${proof.directory}") String directory, @Value("${ha.node.id}") String node) throws IOException {
        this.file = new FileOutputStream(directory + "/" + node + ".runs", true);
    }

    /** How many a repeatable task needs by itself: every tenth fails once. */
    public static int attemptsOf(int number) {
        return number % 10 == 0 ? 2 : 1;
    }

    @HaTask(name = "repeatable", delivery = Delivery.DURABLE, retry = @Retry(maxAttempts = 10, delay = "200ms"))
    public void repeatable(int number, int millis) throws InterruptedException {
        note("begin", "repeatable", number);
        if (TaskContext.current().attempt() < attemptsOf(number)) {
            throw new IllegalStateException("the first attempt of every tenth task fails");
        }
        TimeUnit.MILLISECONDS.sleep(millis);
        note("end", "repeatable", number);
    }

    @HaTask(name = "once", delivery = Delivery.DURABLE)
    public void once(int number, int millis) throws InterruptedException {
        note("begin", "once", number);
        TimeUnit.MILLISECONDS.sleep(millis);
        note("end", "once", number);
    }

    private void note(String what, String task, int number) {
        TaskContext context = TaskContext.current();
        String line = what + " " + task + " " + number + " " + context.taskId() + " " + context.attempt() + "\n";
        synchronized (file) {
            try {
                file.write(line.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
