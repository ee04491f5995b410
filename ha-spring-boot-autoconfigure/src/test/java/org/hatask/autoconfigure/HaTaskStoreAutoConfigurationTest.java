package org.hatask.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.hatask.durable.MemoryTaskStore;
import org.hatask.durable.TaskQuery;
import org.hatask.durable.TaskStore;
import org.hatask.durable.jdbc.JdbcTaskStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration;
import org.springframework.boot.autoconfigure.sql.init.SqlInitializationAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.AbstractDataSource;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class HaTaskStoreAutoConfigurationTest {

    private final ApplicationContextRunner bare =
            new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(HaTaskStoreAutoConfiguration.class));
    private final ApplicationContextRunner withDatabase = bare.withConfiguration(
                    AutoConfigurations.of(DataSourceAutoConfiguration.class, SqlInitializationAutoConfiguration.class))
            .withPropertyValues("ha.task-store.type=jdbc");

    @Configuration(proxyBeanMethods = false)
    static class TwoDataSources {
        @Bean
        DataSource ledger() {
            return new DriverManagerDataSource("jdbc:h2:mem:ledger;DB_CLOSE_DELAY=-1", "sa", "");
        }

        @Bean
        DataSource archive() {
            return new DriverManagerDataSource("jdbc:h2:mem:archive;DB_CLOSE_DELAY=-1", "sa", "");
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class OneOfThemPrimary {
        @Bean
        @Primary
        DataSource main() {
            return new DriverManagerDataSource("jdbc:h2:mem:main;DB_CLOSE_DELAY=-1", "sa", "");
        }
    }

    @Test
    void anApplicationThatSaysNothingHasNoStoreAndItsDatabaseIsLeftAlone() {
        bare.withBean("ledger", DataSource.class, () -> new AbstractDataSource() {
                    @Override
                    public Connection getConnection() {
                        throw new AssertionError("somebody wants a connection");
                    }

                    @Override
                    public Connection getConnection(String user, String password) {
                        return getConnection();
                    }
                })
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(TaskStore.class));
    }

    @Test
    void anApplicationWithoutSpringsJdbcDoesNotMissIt() {
        bare.withClassLoader(new FilteredClassLoader("org.springframework.jdbc", "org.springframework.transaction"))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(TaskStore.class));
    }

    @Test
    void tasksCanBeKeptInMemory() {
        bare.withPropertyValues("ha.task-store.type=memory")
                .run(context -> assertThat(context).hasSingleBean(MemoryTaskStore.class));
    }

    @Test
    void tasksCanBeKeptInTheApplicationsDatabase() {
        withDatabase.run(context -> {
            TaskStore store = context.getBean(TaskStore.class);
            assertThat(store).isInstanceOf(JdbcTaskStore.class);
            assertThat(store.list(new TaskQuery(null, Set.of(), null, 10))).isEmpty();
        });
    }

    @Test
    void theTableCanHaveAnotherName() {
        withDatabase.withPropertyValues("ha.task-store.table=job").run(context -> assertThat(
                        new JdbcTemplate(context.getBean(DataSource.class))
                                .queryForObject("SELECT COUNT(*) FROM job_history", Long.class))
                .isZero());
    }

    @Test
    void aStoreOfTheApplicationsOwnComesFirst() {
        TaskStore own = new MemoryTaskStore(java.time.Clock.systemUTC(), 1000);
        withDatabase.withBean(TaskStore.class, () -> own).run(context -> assertThat(context.getBean(TaskStore.class))
                .isSameAs(own));
    }

    @Test
    void withoutAClusterThereIsNone() {
        withDatabase
                .withPropertyValues("ha.enabled=false")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(TaskStore.class));
    }

    @Test
    void ofSeveralDataSourcesOneIsNamed() {
        withDatabase
                .withUserConfiguration(TwoDataSources.class)
                .withPropertyValues("ha.task-store.data-source=archive")
                .run(context -> {
                    assertThat(tablesIn(context.getBean("archive", DataSource.class)))
                            .isNotEmpty();
                    assertThat(tablesIn(context.getBean("ledger", DataSource.class)))
                            .isEmpty();
                });
    }

    @Test
    void ofSeveralDataSourcesThePrimaryOneIsTaken() {
        withDatabase
                .withUserConfiguration(TwoDataSources.class, OneOfThemPrimary.class)
                .run(context -> assertThat(tablesIn(context.getBean("main", DataSource.class)))
                        .isNotEmpty());
    }

    @Test
    void ofSeveralDataSourcesNoneIsGuessed() {
        withDatabase.withUserConfiguration(TwoDataSources.class).run(context -> assertThat(
                        analysis(context.getStartupFailure()).getAction())
                .contains("ha.task-store.data-source")
                .contains("ledger")
                .contains("archive"));
    }

    @Test
    void aDataSourceThatIsNotThereIsNamed() {
        withDatabase.withPropertyValues("ha.task-store.data-source=archive").run(context -> {
            FailureAnalysis analysis = analysis(context.getStartupFailure());
            assertThat(analysis.getDescription()).contains("'archive'");
            assertThat(analysis.getAction()).contains("dataSource");
        });
    }

    @Test
    void withoutADataSourceTheStartEndsAndTellsWhatToSet() {
        bare.withPropertyValues("ha.task-store.type=jdbc")
                .run(context -> assertThat(analysis(context.getStartupFailure()).getAction())
                        .contains("spring.datasource.url"));
    }

    @Test
    void withoutSpringsJdbcTheStartEndsAndTellsWhatToAdd() {
        bare.withPropertyValues("ha.task-store.type=jdbc")
                .withClassLoader(new FilteredClassLoader("org.springframework.jdbc", "org.springframework.transaction"))
                .withBean(DataSource.class, JdbcDataSource::new)
                .run(context -> assertThat(analysis(context.getStartupFailure()).getAction())
                        .contains("spring-boot-starter-jdbc"));
    }

    @Test
    void tablesThatAreNotWhatTheyMustBeEndTheStartAndTellTheScript() {
        // The application's own scripts have run before the store looks for its tables.
        withDatabase
                .withPropertyValues(
                        "spring.sql.init.schema-locations=classpath:org/hatask/autoconfigure/another-task.sql")
                .run(context -> assertThat(analysis(context.getStartupFailure()).getAction())
                        .contains("org/hatask/durable/jdbc/schema-h2.sql"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"table=x; DROP TABLE y", "max-payload=1B", "max-payload=1GB", "statement-timeout=1ms"})
    void whatMakesNoSenseEndsTheStart(String setting) {
        bare.withPropertyValues("ha.task-store.type=memory", "ha.task-store." + setting)
                .run(context -> assertThat(context.getStartupFailure())
                        .rootCause()
                        .hasMessageContaining("ha.task-store." + setting.split("=")[0]));
    }

    private static List<Map<String, Object>> tablesIn(DataSource dataSource) {
        return new JdbcTemplate(dataSource)
                .queryForList("SELECT 1 FROM information_schema.tables WHERE table_name ILIKE 'ha_task%'");
    }

    private static FailureAnalysis analysis(Throwable failure) {
        assertThat(failure).isNotNull();
        return SpringFactoriesLoader.forDefaultResourceLocation()
                .load(
                        FailureAnalyzer.class,
                        SpringFactoriesLoader.FailureHandler.logging(
                                org.apache.commons.logging.LogFactory.getLog(HaTaskStoreAutoConfigurationTest.class)))
                .stream()
                .map(analyzer -> analyzer.analyze(failure))
                .filter(java.util.Objects::nonNull)
                .findFirst()
                .orElseThrow();
    }
}
