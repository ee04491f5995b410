package org.hatask.durable.jdbc;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Sets the parameters of a statement one after the other. */
final class Parameters {

    private final PreparedStatement statement;
    private int last;

    Parameters(PreparedStatement statement) {
        this.statement = statement;
    }

    /** PostgreSQL has no character NUL; what people wrote into a report of progress must not keep a task from ending. */
    Parameters text(@Nullable String value) throws SQLException {
        statement.setString(++last, withoutNul(value));
        return this;
    }

    private static @Nullable String withoutNul(@Nullable String value) {
        return value == null || value.indexOf('\0') < 0 ? value : value.replace('\0', '\uFFFD');
    }

    Parameters texts(Iterable<String> values) throws SQLException {
        for (String value : values) {
            text(value);
        }
        return this;
    }

    Parameters number(long value) throws SQLException {
        statement.setLong(++last, value);
        return this;
    }

    Parameters number(int value) throws SQLException {
        statement.setInt(++last, value);
        return this;
    }

    Parameters flag(boolean value) throws SQLException {
        statement.setBoolean(++last, value);
        return this;
    }

    Parameters number(@Nullable Long value) throws SQLException {
        if (value == null) {
            statement.setNull(++last, Types.BIGINT);
            return this;
        }
        return number(value.longValue());
    }

    Parameters time(@Nullable Instant value) throws SQLException {
        return number(value == null ? null : value.toEpochMilli());
    }

    /** An array of PostgreSQL, for one column of many tasks. */
    Parameters array(Column.Kind kind, Stream<@Nullable Object> values) throws SQLException {
        Object[] all = values.map(value -> value instanceof String text ? withoutNul(text) : value)
                .toArray();
        statement.setArray(++last, statement.getConnection().createArrayOf(kind.type, all));
        return this;
    }

    Parameters object(Object value) throws SQLException {
        statement.setObject(++last, value);
        return this;
    }
}
