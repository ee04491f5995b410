package org.hatask.sample.booking;

import javax.sql.DataSource;
import org.springframework.boot.jdbc.init.DataSourceScriptDatabaseInitializer;
import org.springframework.boot.jdbc.init.PlatformPlaceholderDatabaseDriverResolver;
import org.springframework.boot.sql.init.DatabaseInitializationMode;
import org.springframework.boot.sql.init.DatabaseInitializationSettings;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Makes the tables of the durable tasks, which the desk has no migrations for, by the script for its database. */
@Configuration(proxyBeanMethods = false)
class TaskTables {

    private static final String SCRIPT = "classpath:org/hatask/durable/jdbc/schema-@@platform@@.sql";

    @Bean
    DataSourceScriptDatabaseInitializer taskTablesInitializer(DataSource database) {
        DatabaseInitializationSettings settings = new DatabaseInitializationSettings();
        settings.setSchemaLocations(new PlatformPlaceholderDatabaseDriverResolver().resolveAll(database, SCRIPT));
        settings.setMode(DatabaseInitializationMode.ALWAYS);
        // As for the desk's own tables: of nodes that start together, one is first.
        settings.setContinueOnError(true);
        return new DataSourceScriptDatabaseInitializer(database, settings);
    }
}
