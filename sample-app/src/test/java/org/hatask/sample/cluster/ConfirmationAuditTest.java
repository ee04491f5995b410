package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

public class ConfirmationAuditTest {

    private static final Map<Long, String> BOOK = Map.of(1L, "a", 2L, "b");

    @Test
    void bookThatIsConfirmedOnceIsKept() {
        assertThat(broken(BOOK, BOOK, Map.of("SUCCEEDED", 2L))).isEmpty();
        assertThat(broken(Map.of(), Map.of(), Map.of())).isEmpty();
    }

    @Test
    void tradeWithoutConfirmationIsFound() {
        assertThat(broken(BOOK, Map.of(1L, "a"), Map.of("SUCCEEDED", 2L)))
                .singleElement()
                .asString()
                .contains("every booked trade is confirmed: 1 [2]");
    }

    @Test
    void confirmationOfATradeThatIsNotThereOrOfAnotherOneIsFound() {
        assertThat(broken(BOOK, Map.of(1L, "a", 2L, "x", 3L, "c"), Map.of("SUCCEEDED", 2L)))
                .singleElement()
                .asString()
                .contains("not booked: 2 [2, 3]");
    }

    @Test
    void taskTooManyAndTaskThatDidNotSucceedAreFound() {
        assertThat(broken(BOOK, BOOK, Map.of("SUCCEEDED", 3L)))
                .singleElement()
                .asString()
                .contains("per trade");
        assertThat(broken(BOOK, BOOK, Map.of("SUCCEEDED", 1L, "PARKED", 1L)))
                .singleElement()
                .asString()
                .contains("PARKED=1");
    }

    @Test
    void taskThatEndsWhileTheBookIsReadIsNoLoss() throws SQLException {
        Database database = new Database("jdbc:h2:mem:audit", "sa", "");
        try (Connection keeper = database.connect();
                Statement statement = keeper.createStatement()) {
            statement.execute("CREATE TABLE trade (trade_number BIGINT, reference VARCHAR)");
            statement.execute("CREATE TABLE confirmation (trade_number BIGINT, reference VARCHAR)");
            statement.execute("INSERT INTO trade VALUES (1, 'a')");
            statement.execute("CREATE ALIAS confirm FOR '" + getClass().getName() + ".confirm'");
            statement.execute("CREATE VIEW ha_task AS SELECT 'id' AS id, confirm() AS state");
            statement.execute("CREATE TABLE ha_task_history (id VARCHAR, state VARCHAR)");

            Verdict verdict = new Verdict();
            ConfirmationAudit.whenDone(database, Duration.ofSeconds(10)).judge(verdict);
            assertThat(verdict.broken()).isEmpty();
        }
    }

    /** Called by the database: the only task there is ends at the moment somebody looks at it. */
    public static String confirm(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("DELETE FROM confirmation");
            statement.execute("INSERT INTO confirmation VALUES (1, 'a')");
        }
        return "SUCCEEDED";
    }

    private static List<String> broken(Map<Long, String> trades, Map<Long, String> confirmed, Map<String, Long> tasks) {
        Verdict verdict = new Verdict();
        new ConfirmationAudit(trades, confirmed, tasks).judge(verdict);
        return verdict.broken();
    }
}
