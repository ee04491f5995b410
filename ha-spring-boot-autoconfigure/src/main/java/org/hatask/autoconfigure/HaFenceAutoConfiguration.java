package org.hatask.autoconfigure;

import javax.sql.DataSource;
import org.hatask.fence.FenceTableException;
import org.hatask.fence.JdbcFence;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;

/** The fence in the application's database. With {@code ha.enabled=false} too, since those who inject it stay the same. */
@AutoConfiguration(after = DataSourceAutoConfiguration.class)
@ConditionalOnClass(name = "org.springframework.jdbc.core.JdbcTemplate")
@ConditionalOnSingleCandidate(DataSource.class)
@EnableConfigurationProperties(HaProperties.class)
public class HaFenceAutoConfiguration {

    /** Made when somebody injects it: nobody else's database gets a table or must be there at the start. */
    @Bean
    @Lazy
    @ConditionalOnMissingBean
    @DependsOnDatabaseInitialization
    JdbcFence haFence(DataSource dataSource, HaProperties properties, Environment environment) {
        return new JdbcFence(
                dataSource,
                properties.fence().table(),
                ClusterName.of(properties, environment).value(),
                properties.enabled());
    }

    /** Says which table to create, and how. */
    static final class Analyzer extends AbstractFailureAnalyzer<FenceTableException> {

        @Override
        protected FailureAnalysis analyze(Throwable rootFailure, FenceTableException cause) {
            return new FailureAnalysis(cause.problem(), cause.cure(), cause);
        }
    }
}
