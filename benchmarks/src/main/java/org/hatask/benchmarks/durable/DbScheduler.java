package org.hatask.benchmarks.durable;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;

/**
 * db-scheduler as its documentation has it for high throughput on PostgreSQL: lock-and-fetch, a new batch at one task for a
 * thread and up to four, and execution of what is submitted without waiting for the next poll.
 */
final class DbScheduler implements Contender {

    /** The table and the indexes that its documentation asks for. */
    private static final String TABLE = """
            CREATE TABLE scheduled_tasks (
                task_name            TEXT NOT NULL,
                task_instance        TEXT NOT NULL,
                task_data            BYTEA,
                execution_time       TIMESTAMP WITH TIME ZONE NOT NULL,
                picked               BOOLEAN NOT NULL,
                picked_by            TEXT,
                last_success         TIMESTAMP WITH TIME ZONE,
                last_failure         TIMESTAMP WITH TIME ZONE,
                consecutive_failures INTEGER,
                last_heartbeat       TIMESTAMP WITH TIME ZONE,
                version              BIGINT NOT NULL,
                priority             SMALLINT,
                PRIMARY KEY (task_name, task_instance));
            CREATE INDEX execution_time_idx ON scheduled_tasks (execution_time);
            CREATE INDEX last_heartbeat_idx ON scheduled_tasks (last_heartbeat);
            """;

    private final OneTimeTask<String> task =
            Tasks.oneTime("work", String.class).execute((instance, context) -> Work.call(instance.getData()));
    private final AtomicLong ids = new AtomicLong();
    private final JdbcTemplate jdbc;
    private final Scheduler scheduler;

    DbScheduler(DataSource dataSource, int threads) {
        jdbc = new JdbcTemplate(dataSource);
        jdbc.execute(TABLE);
        scheduler = Scheduler.create(dataSource, task)
                .threads(threads)
                .pollUsingLockAndFetch(1.0, 4.0)
                .pollingInterval(Duration.ofMillis(100))
                .enableImmediateExecution()
                .build();
        scheduler.start();
    }

    @Override
    public void pause() {
        scheduler.pause();
    }

    @Override
    public void resume() {
        scheduler.resume();
        scheduler.triggerCheckForDueExecutions();
    }

    private TaskInstance<String> instance(String argument) {
        return task.instance("" + ids.incrementAndGet(), argument);
    }

    @Override
    public void submit(String argument) {
        scheduler.schedule(instance(argument), Instant.now());
    }

    @Override
    public void submitAll(List<String> arguments) {
        List<TaskInstance<?>> instances =
                arguments.stream().<TaskInstance<?>>map(this::instance).toList();
        scheduler.scheduleBatch(instances, Instant.now());
    }

    @Override
    public long unfinished() {
        Long count = jdbc.queryForObject("SELECT count(*) FROM scheduled_tasks", Long.class);
        return count == null ? 0 : count;
    }

    @Override
    public void close() {
        scheduler.stop();
    }
}
