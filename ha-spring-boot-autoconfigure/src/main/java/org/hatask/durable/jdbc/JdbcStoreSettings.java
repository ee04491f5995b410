package org.hatask.durable.jdbc;

import java.time.Duration;

/**
 * How a {@link JdbcTaskStore} works.
 *
 * @param dataSourceName what messages call the data source
 * @param table name of the table of tasks, with its schema before a dot where it needs one; the names of the other tables
 *     begin with it
 * @param maxPayload most characters of arguments, of a result and of a checkpoint
 * @param statementTimeout how long one statement may take
 */
public record JdbcStoreSettings(String dataSourceName, String table, int maxPayload, Duration statementTimeout) {

    /** Name of the table, unless configured. */
    public static final String DEFAULT_TABLE = "ha_task";
}
