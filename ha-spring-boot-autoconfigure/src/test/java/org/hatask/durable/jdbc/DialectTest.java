package org.hatask.durable.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DialectTest {

    private static final JdbcStoreSettings SETTINGS =
            new JdbcStoreSettings("ledger", "ha_task", 1000, Duration.ofSeconds(10));

    @ParameterizedTest
    @CsvSource({
        "PostgreSQL, 15.4, 15, 4, POSTGRESQL",
        "PostgreSQL, 12.0, 12, 0, POSTGRESQL",
        "MySQL, 8.0.36, 8, 0, MYSQL",
        "MySQL, 10.11.6-MariaDB, 10, 11, MYSQL",
        "MariaDB, 11.4.2-MariaDB, 11, 4, MYSQL",
        "H2, 2.3.232 (2024-08-11), 2, 3, H2"
    })
    void databasesThatCanDoIt(String product, String version, int major, int minor, Dialect dialect) throws Exception {
        assertThat(Dialect.of(connection(product, version, major, minor), SETTINGS))
                .isEqualTo(dialect);
    }

    @ParameterizedTest
    @CsvSource({
        "PostgreSQL, 11.22, 11, 22",
        "MySQL, 5.7.44, 5, 7",
        "MySQL, 10.5.23-MariaDB, 10, 5",
        "MariaDB, 10.5.23-MariaDB, 10, 5",
        "H2, 1.4.200, 1, 4",
        "Apache Derby, 10.16.1.1, 10, 16"
    })
    void databasesThatCannotAreNamed(String product, String version, int major, int minor) {
        assertThatExceptionOfType(TaskTablesException.class)
                .isThrownBy(() -> Dialect.of(connection(product, version, major, minor), SETTINGS))
                .withMessageContaining("ledger")
                .withMessageContaining(product + " " + version)
                .withMessageContaining("PostgreSQL from 12");
    }

    private static Connection connection(String product, String version, int major, int minor) throws Exception {
        DatabaseMetaData database = mock();
        given(database.getDatabaseProductName()).willReturn(product);
        given(database.getDatabaseProductVersion()).willReturn(version);
        given(database.getDatabaseMajorVersion()).willReturn(major);
        given(database.getDatabaseMinorVersion()).willReturn(minor);
        Connection connection = mock();
        given(connection.getMetaData()).willReturn(database);
        return connection;
    }
}
