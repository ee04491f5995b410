package org.hatask.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.hatask.fence.FenceTableException;
import org.hatask.fence.JdbcFence;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration;
import org.springframework.boot.autoconfigure.jdbc.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.autoconfigure.sql.init.SqlInitializationAutoConfiguration;
import org.springframework.boot.autoconfigure.transaction.TransactionAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.transaction.support.TransactionTemplate;

class HaFenceAutoConfigurationTest {

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    HaFenceAutoConfiguration.class,
                    DataSourceAutoConfiguration.class,
                    SqlInitializationAutoConfiguration.class,
                    DataSourceTransactionManagerAutoConfiguration.class,
                    TransactionAutoConfiguration.class))
            .withPropertyValues("spring.application.name=pricing desk", "ha.enabled=false");

    static class Ledger {
        Ledger(JdbcFence fence) {}
    }

    @Configuration(proxyBeanMethods = false)
    static class WithLedger {
        @Bean
        Ledger ledger(JdbcFence fence) {
            return new Ledger(fence);
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class TwoDataSources {
        @Bean
        DataSource one() {
            return new DriverManagerDataSource("jdbc:h2:mem:one");
        }

        @Bean
        DataSource two() {
            return new DriverManagerDataSource("jdbc:h2:mem:two");
        }
    }

    @Test
    void theApplicationsDatabaseHasAFenceOfTheClustersName() {
        runner.withUserConfiguration(WithLedger.class).run(context -> {
            JdbcFence fence = context.getBean(JdbcFence.class);
            assertThat(context.getBean(TransactionTemplate.class).<Long>execute(status -> fence.pass()))
                    .isZero();
            assertThat(new JdbcTemplate(context.getBean(DataSource.class))
                            .queryForObject("SELECT name FROM ha_fence", String.class))
                    .isEqualTo("pricing-desk");
        });
    }

    @Test
    void theTableCanHaveAnotherName() {
        runner.withUserConfiguration(WithLedger.class)
                .withPropertyValues("ha.fence.table=epochs")
                .run(context -> assertThat(new JdbcTemplate(context.getBean(DataSource.class))
                                .queryForObject("SELECT COUNT(*) FROM epochs", Long.class))
                        .isZero());
    }

    @Test
    void whoDoesNotUseItGetsNoTable() {
        runner.run(context -> {
            assertThat(context.getBeanFactory().containsBeanDefinition("haFence"))
                    .isTrue();
            assertThat(context.getBeanFactory().containsSingleton("haFence")).isFalse();
            assertThat(new JdbcTemplate(context.getBean(DataSource.class))
                            .queryForList("SELECT 1 FROM information_schema.tables WHERE table_name ILIKE 'ha_fence'"))
                    .isEmpty();
        });
    }

    @Test
    void thereIsNoneWhereTheDatabaseIsMissingOrInDoubtOrSpringsJdbcIsNotThere() {
        ApplicationContextRunner bare =
                new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(HaFenceAutoConfiguration.class));
        bare.run(context -> assertThat(context).hasNotFailed().doesNotHaveBean("haFence"));
        bare.withUserConfiguration(TwoDataSources.class)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean("haFence"));
        bare.withClassLoader(new FilteredClassLoader("org.springframework.jdbc", "org.springframework.transaction"))
                .withBean(DataSource.class, JdbcDataSource::new)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean("haFence"));
    }

    @Test
    void aNameThatIsNoTableEndsTheStart() {
        runner.withPropertyValues("ha.fence.table=x; DROP TABLE trade")
                .run(context -> assertThat(context.getStartupFailure())
                        .rootCause()
                        .hasMessageContaining("ha.fence.table")
                        .hasMessageContaining("plain SQL name"));
    }

    @Test
    void aTableThatIsNotWhatItMustBeEndsTheStartAndTellsTheRightOne() {
        // The application's own scripts have run before the fence looks for its table.
        runner.withUserConfiguration(WithLedger.class)
                .withPropertyValues(
                        "spring.sql.init.schema-locations=classpath:org/hatask/autoconfigure/another-fence.sql")
                .run(context -> {
                    assertThat(context).hasFailed();
                    assertThat(context.getStartupFailure()).rootCause().isInstanceOf(SQLException.class);
                    FailureAnalysis analysis =
                            new HaFenceAutoConfiguration.Analyzer().analyze(context.getStartupFailure());
                    assertThat(analysis.getCause()).isInstanceOf(FenceTableException.class);
                    assertThat(analysis.getDescription()).contains("ha_fence");
                    assertThat(analysis.getAction()).contains("CREATE TABLE IF NOT EXISTS ha_fence");
                });
    }
}
