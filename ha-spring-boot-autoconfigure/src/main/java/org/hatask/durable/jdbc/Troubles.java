package org.hatask.durable.jdbc;

import java.sql.SQLException;
import org.hatask.TaskStoreException;
import org.hatask.durable.StoreUnavailableException;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.jdbc.support.SQLExceptionSubclassTranslator;
import org.springframework.jdbc.support.SQLExceptionTranslator;

/** What the errors of databases mean here, and what people can do about them. */
final class Troubles {

    private final SQLExceptionTranslator translator = new SQLExceptionSubclassTranslator();
    private final JdbcStoreSettings settings;

    Troubles(JdbcStoreSettings settings) {
        this.settings = settings;
    }

    /**
     * An error of a statement of a transaction that is rolled back. Only where the database says that the values are to blame, they
     * are: all else may be otherwise in a moment, such as a primary that is a replica for now, which MariaDB tells with the state of
     * any error.
     */
    TaskStoreException of(SQLException e, @Nullable Dialect dialect) {
        DataAccessException known = translator.translate("durable tasks", null, e);
        if (isAboutTables(e) || known instanceof BadSqlGrammarException) {
            return tables(e, dialect);
        }
        return known instanceof DataIntegrityViolationException || isTooLarge(e)
                ? new TaskStoreException(
                        "The database of durable tasks (data source " + settings.dataSourceName()
                                + ") cannot keep what it was given: " + e.getMessage(),
                        e)
                : unavailable(e);
    }

    /** After it nothing is known, unless it says so. */
    StoreUnavailableException unavailable(SQLException e) {
        if (isRolledBack(e) || isOfAbortedTransaction(e)) {
            return new StoreUnavailableException(
                    "The database of durable tasks (data source " + settings.dataSourceName()
                            + ") rolled the transaction back: " + e.getMessage()
                            + ". Nothing was done; it may be done again.",
                    e);
        }
        return new StoreUnavailableException(
                "The database of durable tasks (data source " + settings.dataSourceName()
                        + ") does not answer as it should: " + e.getMessage()
                        + ". Whether it did what it was asked for is not known. Look whether it runs and accepts writes, whether"
                        + " the pool has connections to spare (a task that waits for another holds one), and whether"
                        + " ha.task-store.statement-timeout ("
                        + settings.statementTimeout().toMillis() + " ms) is enough.",
                e);
    }

    private TaskTablesException tables(SQLException e, @Nullable Dialect dialect) {
        return new TaskTablesException(
                "The tables of durable tasks (" + settings.table() + " and others whose names begin so, data source "
                        + settings.dataSourceName() + ") are missing or not as they must be: " + e.getMessage(),
                "Run the script "
                        + (dialect == null
                                ? "for your database beside " + JdbcTaskStore.class.getName()
                                : dialect.database().scriptFor(JdbcTaskStore.class))
                        + " from the jar, for example as a migration"
                        + (settings.table().equals(JdbcStoreSettings.DEFAULT_TABLE)
                                ? ""
                                : ", with " + JdbcStoreSettings.DEFAULT_TABLE + " replaced by " + settings.table())
                        + ". If they are there, look at their columns, and at the rights of the user.",
                e);
    }

    static boolean isAboutTables(SQLException e) {
        return e.getSQLState() != null && e.getSQLState().startsWith("42");
    }

    /** What the drivers of MySQL and MariaDB do not even send. */
    private static boolean isTooLarge(SQLException e) {
        return String.valueOf(e.getMessage()).contains("max_allowed_packet");
    }

    /** An earlier statement of it, perhaps the application's, had failed. */
    private static boolean isOfAbortedTransaction(SQLException e) {
        return "25P02".equals(e.getSQLState());
    }

    /** The database gave this transaction up in favour of another: nothing was done, and it may be done again. */
    static boolean isRolledBack(SQLException e) {
        return e.getSQLState() != null && e.getSQLState().startsWith("40");
    }
}
