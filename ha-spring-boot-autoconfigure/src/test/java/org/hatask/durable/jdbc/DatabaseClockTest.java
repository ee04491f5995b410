package org.hatask.durable.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class DatabaseClockTest {

    private static final long SECOND = 1_000_000_000L;

    private long database = 1_000_000;
    private long asked;
    private long answerTakes;
    private long nanos = -5 * SECOND;
    private final DatabaseClock clock = new DatabaseClock(this::ask, () -> nanos);

    private long ask() {
        asked++;
        long read = database;
        pass(answerTakes);
        return read;
    }

    private void pass(long millis) {
        database += millis;
        nanos += millis * 1_000_000;
    }

    @Test
    void theDatabaseIsAskedOnceInAWhile() {
        assertThat(clock.now()).isEqualTo(Instant.ofEpochMilli(1_000_000));
        pass(999);
        assertThat(clock.now()).isEqualTo(Instant.ofEpochMilli(1_000_999));
        assertThat(asked).isEqualTo(1);
        pass(1);
        assertThat(clock.now()).isEqualTo(Instant.ofEpochMilli(1_001_000));
        assertThat(asked).isEqualTo(2);
    }

    @Test
    void itIsNeverAheadOfTheDatabase() {
        answerTakes = 300;
        for (int i = 0; i < 20; i++) {
            assertThat(clock.now().toEpochMilli()).isBetween(database - 300, database);
            pass(77);
        }
    }

    @Test
    void aDatabaseWithAnotherClockIsBelieved() {
        clock.now();
        database += 3_600_000;
        pass(1000);
        assertThat(clock.now()).isEqualTo(Instant.ofEpochMilli(database));
    }
}
