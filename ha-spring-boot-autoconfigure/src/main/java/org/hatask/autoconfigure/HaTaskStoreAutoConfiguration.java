package org.hatask.autoconfigure;

import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import javax.sql.DataSource;
import org.hatask.HaException;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.MasterElection;
import org.hatask.durable.MemoryTaskStore;
import org.hatask.durable.TaskStore;
import org.hatask.durable.jdbc.JdbcStoreSettings;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.hatask.durable.jdbc.TaskTablesException;
import org.hatask.durable.zookeeper.ZooKeeperTaskStore;
import org.hatask.zookeeper.ZooKeeperClients;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/** Where durable tasks are kept. */
@AutoConfiguration(after = {DataSourceAutoConfiguration.class, HaZooKeeperAutoConfiguration.class})
@ConditionalOnProperty(prefix = "ha", name = "enabled", matchIfMissing = true)
@ConditionalOnMissingBean(TaskStore.class)
@EnableConfigurationProperties(HaProperties.class)
public class HaTaskStoreAutoConfiguration {

    private static final String SPRING_JDBC = "org.springframework.jdbc.core.JdbcTemplate";

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(prefix = "ha.task-store", name = "type", havingValue = "zookeeper", matchIfMissing = true)
    @ConditionalOnBean(ZooKeeperClients.class)
    static class InZooKeeper {

        /** Made when it is first needed: never, where there is no durable task. */
        @Bean
        @Lazy
        TaskStore haTaskStore(ZooKeeperClients clients, MasterElection election) {
            return new ZooKeeperTaskStore(clients.access(), election.mastership());
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(prefix = "ha.task-store", name = "type", havingValue = "memory")
    static class InMemory {

        @Bean
        TaskStore haTaskStore(HaProperties properties) {
            return new MemoryTaskStore(Clock.systemUTC(), properties.taskStore().maxCharacters());
        }

        @Bean
        SmartInitializingSingleton haMemoryStoreWarning(
                ObjectProvider<ClusterState> cluster, ObjectProvider<TaskRegistrar> tasks) {
            return () -> cluster.ifAvailable(state -> state.addListener(
                    new MemoryStoreWarning(() -> tasks.getObject().registry())));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(prefix = "ha.task-store", name = "type", havingValue = "jdbc")
    @ConditionalOnClass(name = SPRING_JDBC)
    static class InDatabase {

        @Bean
        @DependsOnDatabaseInitialization
        TaskStore haTaskStore(HaProperties properties, ConfigurableListableBeanFactory beans) {
            HaProperties.TaskStore settings = properties.taskStore();
            String name = dataSourceName(settings.dataSource(), beans);
            // It was found by its name, so nothing else tells that it has to be closed later.
            beans.registerDependentBean(name, "haTaskStore");
            return new JdbcTaskStore(
                    beans.getBean(name, DataSource.class),
                    new JdbcStoreSettings(
                            name, settings.table(), settings.maxCharacters(), settings.statementTimeout()));
        }

        private static String dataSourceName(@Nullable String wanted, ListableBeanFactory beans) {
            List<String> names = Arrays.asList(beans.getBeanNamesForType(DataSource.class));
            if (wanted != null && names.contains(wanted)) {
                return wanted;
            }
            if (wanted != null) {
                throw new NoDataSourceException(
                        "ha.task-store.data-source is '" + wanted + "', but there is no data source of this name.",
                        names.isEmpty() ? "Define it." : "Take one of these: " + String.join(", ", names) + ".");
            }
            if (names.isEmpty()) {
                throw new NoDataSourceException(
                        "ha.task-store.type is jdbc, but the application has no data source.",
                        "Set spring.datasource.url and add the driver of your database, or set another"
                                + " ha.task-store.type.");
            }
            DataSource only = beans.getBeanProvider(DataSource.class).getIfUnique();
            return names.stream()
                    .filter(name -> beans.getBean(name) == only)
                    .findFirst()
                    .orElseThrow(() -> new NoDataSourceException(
                            "ha.task-store.type is jdbc, and the application has several data sources, none of which is"
                                    + " primary.",
                            "Set ha.task-store.data-source to one of these: " + String.join(", ", names) + "."));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty(prefix = "ha.task-store", name = "type", havingValue = "jdbc")
    @ConditionalOnMissingClass(SPRING_JDBC)
    static class WithoutSpringJdbc {

        WithoutSpringJdbc() {
            throw new NoDataSourceException(
                    "ha.task-store.type is jdbc, but Spring's JDBC is not on the class path.",
                    "Add spring-boot-starter-jdbc (or spring-boot-starter-data-jpa) and the driver of your database, or set"
                            + " another ha.task-store.type.");
        }
    }

    /** There is no database to keep tasks in. */
    static final class NoDataSourceException extends HaException {

        private final String problem;
        private final String cure;

        NoDataSourceException(String problem, String cure) {
            super(problem + " " + cure);
            this.problem = problem;
            this.cure = cure;
        }
    }

    /** Says what to add or to choose. */
    static final class DataSourceAnalyzer extends AbstractFailureAnalyzer<NoDataSourceException> {

        @Override
        protected FailureAnalysis analyze(Throwable rootFailure, NoDataSourceException cause) {
            return new FailureAnalysis(cause.problem, cause.cure, cause);
        }
    }

    /** Says which script to run. */
    static final class TablesAnalyzer extends AbstractFailureAnalyzer<TaskTablesException> {

        @Override
        protected FailureAnalysis analyze(Throwable rootFailure, TaskTablesException cause) {
            return new FailureAnalysis(cause.problem(), cause.cure(), cause);
        }
    }
}
