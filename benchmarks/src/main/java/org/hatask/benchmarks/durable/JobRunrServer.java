package org.hatask.benchmarks.durable;

import static org.jobrunr.server.BackgroundJobServerConfiguration.usingStandardBackgroundJobServerConfiguration;

import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.jobrunr.configuration.JobRunr;
import org.jobrunr.scheduling.JobScheduler;
import org.jobrunr.server.BackgroundJobServer;
import org.jobrunr.server.configuration.BackgroundJobServerThreadType;
import org.jobrunr.server.configuration.DefaultBackgroundJobServerWorkerPolicy;
import org.jobrunr.storage.sql.postgres.PostgresStorageProvider;
import org.springframework.jdbc.core.JdbcTemplate;

/** JobRunr, which looks for jobs every five seconds at most, and whenever a third of its threads is idle. */
final class JobRunrServer implements Contender {

    private final JdbcTemplate jdbc;
    private final JobScheduler jobs;
    private final BackgroundJobServer server;

    JobRunrServer(DataSource dataSource, int threads) {
        jdbc = new JdbcTemplate(dataSource);
        jobs = JobRunr.configure()
                .useStorageProvider(new PostgresStorageProvider(dataSource))
                .useBackgroundJobServer(usingStandardBackgroundJobServerConfiguration()
                        .andPollInterval(Duration.ofSeconds(5))
                        .andBackgroundJobServerWorkerPolicy(new DefaultBackgroundJobServerWorkerPolicy(
                                threads, BackgroundJobServerThreadType.PlatformThreads)))
                .initialize()
                .getJobScheduler();
        server = JobRunr.getBackgroundJobServer();
    }

    @Override
    public void pause() {
        server.pauseProcessing();
    }

    @Override
    public void resume() {
        server.resumeProcessing();
    }

    @Override
    public void submit(String argument) {
        jobs.enqueue(() -> Work.call(argument));
    }

    @Override
    public void submitAll(List<String> arguments) {
        jobs.enqueue(arguments.stream(), argument -> Work.call(argument));
    }

    @Override
    public long unfinished() {
        Long count = jdbc.queryForObject("SELECT count(*) FROM jobrunr_jobs WHERE state <> 'SUCCEEDED'", Long.class);
        return count == null ? 0 : count;
    }

    @Override
    public void close() {
        JobRunr.destroy();
    }
}
