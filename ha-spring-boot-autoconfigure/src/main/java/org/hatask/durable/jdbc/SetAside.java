package org.hatask.durable.jdbc;

import java.util.List;
import org.hatask.TaskStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Marks rows that cannot be read, so that nobody looks at them again but who has mended them, and logs each once in the whole
 * cluster: whoever marks it does.
 */
final class SetAside {

    private static final Logger log = LoggerFactory.getLogger(SetAside.class);

    private final Connections connections;
    private final JdbcStoreSettings settings;

    SetAside(Connections connections, JdbcStoreSettings settings) {
        this.connections = connections;
        this.settings = settings;
    }

    /** @return how many were marked now */
    int mark(List<TaskRows.Unreadable> rows) {
        int marked = 0;
        for (TaskRows.Unreadable row : rows) {
            try {
                marked += mark(row);
            } catch (TaskStoreException e) {
                log.warn(
                        "The record of task {} {} cannot be read, and could not be set aside", row.task(), row.id(), e);
            }
        }
        return marked;
    }

    private int mark(TaskRows.Unreadable row) {
        String state = TaskRows.SET_ASIDE + row.state();
        int marked = connections.transaction(session -> {
            int hit = 0;
            for (String table : List.of(session.sql().tasks, session.sql().history)) {
                hit += session.update(Sql.setState(table), parameters -> parameters
                        .text(state)
                        .text(row.id())
                        .number(row.version())
                        .text(row.state()));
            }
            return hit;
        });
        if (marked > 0) {
            log.error(
                    "The record of task {} {} in the table {} cannot be read: {}. It was set aside, with the state '{}'; mend it"
                            + " and set its state again, or delete it",
                    row.task(),
                    row.id(),
                    settings.table(),
                    row.why(),
                    state);
        }
        return marked;
    }

    /** Marks what is in a state that is not known, and that no statement but the one that counts would come upon. */
    void markUnknown(String state) {
        if (state.startsWith(TaskRows.SET_ASIDE)) {
            return;
        }
        try {
            int marked = connections.transaction(session -> {
                int hit = 0;
                for (String table : List.of(session.sql().tasks, session.sql().history)) {
                    hit += session.update(Sql.setStateOfAll(table), parameters -> parameters
                            .text(TaskRows.SET_ASIDE + state)
                            .text(state));
                }
                return hit;
            });
            if (marked > 0) {
                log.error(
                        "{} records in the table {} are in the state '{}', which is unknown. They were set aside, with '{}'"
                                + " before it; mend them and set their state again, or delete them",
                        marked,
                        settings.table(),
                        state,
                        TaskRows.SET_ASIDE);
            }
        } catch (TaskStoreException e) {
            log.warn("Records in the unknown state '{}' could not be set aside", state, e);
        }
    }
}
