package org.hatask.benchmarks.durable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.hatask.Delivery;
import org.hatask.HaTask;
import org.hatask.HaTasks;
import org.hatask.Retry;
import org.hatask.TaskState;
import org.hatask.benchmarks.PostgreSql;
import org.hatask.durable.TaskManager;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.stereotype.Component;
import org.springframework.util.FileSystemUtils;

/** A node of HA Task, alone in its cluster, with everything on that a user has. */
final class HaTaskNode implements Contender {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {}

    @Component("desk")
    static class Desk {

        @HaTask(delivery = Delivery.DURABLE, retry = @Retry(maxAttempts = 3))
        public void work(String argument) {
            Work.call(argument);
        }
    }

    private final Path zooKeeperData;
    private final ConfigurableApplicationContext context;
    private final Desk desk;
    private final HaTasks tasks;
    private final TaskManager manager;

    private HaTaskNode(String store, DataSource dataSource, int threads) throws Exception {
        zooKeeperData = Files.createTempDirectory("ha-benchmark-zookeeper-");
        List<String> properties = new ArrayList<>(List.of(
                "spring.application.name=benchmark",
                "spring.main.banner-mode=off",
                "spring.jmx.enabled=false",
                "server.port=0",
                "server.address=127.0.0.1",
                "ha.node.id=benchmark",
                "ha.zookeeper.embedded.port=" + PostgreSql.freePort(),
                "ha.zookeeper.embedded.data-dir=" + zooKeeperData,
                "ha.durable.concurrency=" + threads,
                "ha.executor.threads=" + threads,
                "ha.task-store.type=" + store));
        if (dataSource == null) {
            properties.add("spring.autoconfigure.exclude=" + DataSourceAutoConfiguration.class.getName());
        }
        context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.SERVLET)
                .properties(properties.toArray(String[]::new))
                .initializers(starting -> {
                    if (dataSource != null) {
                        // Its pool is closed by who made it.
                        ((GenericApplicationContext) starting)
                                .registerBean(
                                        "dataSource",
                                        DataSource.class,
                                        () -> dataSource,
                                        definition -> definition.setDestroyMethodName(""));
                    }
                })
                .run();
        desk = context.getBean(Desk.class);
        tasks = context.getBean(HaTasks.class);
        manager = context.getBean(TaskManager.class);
    }

    static HaTaskNode inMemory(int threads) throws Exception {
        return new HaTaskNode("memory", null, threads);
    }

    static HaTaskNode inZooKeeper(int threads) throws Exception {
        return new HaTaskNode("zookeeper", null, threads);
    }

    static HaTaskNode inDatabase(DataSource dataSource, int threads) throws Exception {
        new ResourceDatabasePopulator(new ClassPathResource("schema-postgresql.sql", JdbcTaskStore.class))
                .execute(dataSource);
        return new HaTaskNode("jdbc", dataSource, threads);
    }

    @Override
    public void pause() {
        manager.pause("desk.work");
    }

    @Override
    public void resume() {
        manager.resume("desk.work");
    }

    @Override
    public void submit(String argument) {
        desk.work(argument);
    }

    @Override
    public void submitAll(List<String> arguments) {
        tasks.submitAll(arguments.stream()
                .map(argument -> tasks.prepare("desk.work", argument))
                .toList());
    }

    @Override
    public long unfinished() {
        return manager.counts().byState().entrySet().stream()
                .filter(entry -> entry.getKey() != TaskState.SUCCEEDED)
                .mapToLong(entry -> entry.getValue())
                .sum();
    }

    @Override
    public void close() throws Exception {
        context.close();
        FileSystemUtils.deleteRecursively(zooKeeperData);
    }
}
