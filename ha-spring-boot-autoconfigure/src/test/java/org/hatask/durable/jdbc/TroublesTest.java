package org.hatask.durable.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import org.hatask.TaskStoreException;
import org.hatask.durable.StoreUnavailableException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TroublesTest {

    private final Troubles troubles =
            new Troubles(new JdbcStoreSettings("ledger", "ha_task", 1000, Duration.ofSeconds(10)));

    @ParameterizedTest
    @CsvSource({
        "HY000, 1290", // MariaDB, MySQL: --read-only
        "25006, 0", // PostgreSQL: read-only transaction
        "HY000, 1114", // table is full
        "HY000, 1205", // lock wait timeout
        "55P03, 0", // lock not available
        "57P01, 0", // admin shutdown
        "53300, 0", // too many connections
        "08006, 0",
        "40001, 1213",
        "XX000, 0",
        "42P01, 0", // a table is missing, in a migration perhaps
        "42501, 0" // a right was taken away
    })
    void whatMayBeOtherwiseInAMomentIsTriedAgain(String state, int code) {
        assertThat(troubles.of(new SQLException("no", state, code), Dialect.MYSQL))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining("ledger");
    }

    @ParameterizedTest
    @CsvSource({"40P01, deadlock detected", "25P02, current transaction is aborted"})
    void ofWhatWasRolledBackItIsKnownThatNothingWasDone(String state, String message) {
        assertThat(troubles.of(new SQLException(message, state), Dialect.POSTGRESQL))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("Nothing was done");
    }

    /** As the drivers of MariaDB and MySQL say it, which do not send it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Packet too big for current server max_allowed_packet value",
                "Packet for query is too large (70 > 64). You can change this value on the server by setting the"
                        + " 'max_allowed_packet' variable."
            })
    void whatIsTooLargeForAPacketIsToBlame(String message) {
        assertThat(troubles.of(new SQLException(message, "HZ000"), Dialect.MYSQL))
                .isExactlyInstanceOf(TaskStoreException.class);
    }

    @ParameterizedTest
    @CsvSource({"22001, 1406", "22021, 0", "23505, 0", "23000, 1062"})
    void whatTheDatabaseCannotKeepIsToBlame(String state, int code) {
        assertThat(troubles.of(new SQLException("no", state, code), Dialect.MYSQL))
                .isExactlyInstanceOf(TaskStoreException.class)
                .hasMessageContaining("ledger");
    }
}
