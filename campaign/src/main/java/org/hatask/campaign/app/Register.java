package org.hatask.campaign.app;

import org.hatask.campaign.app.NodeSettings.Mutation;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * A register in a real database. Every write passes the fence, one row whose epoch only grows, in its own transaction, and
 * leaves a row with a number: since the fence lets one through at a time, to its commit, numbers are the order of the commits.
 */
@Component
class Register {

    private final JdbcTemplate jdbc;
    private final TransactionTemplate transactions;
    private final boolean fenced;

    Register(JdbcTemplate jdbc, TransactionTemplate transactions, NodeSettings settings) {
        this.jdbc = jdbc;
        this.transactions = transactions;
        this.fenced = settings.mutation() != Mutation.NO_FENCE;
    }

    /** @throws RegisterException when it was not written, or nobody knows */
    void write(String id, long epoch, String node) {
        try {
            transactions.executeWithoutResult(transaction -> {
                // Without the condition it still is one writer at a time, but of any epoch.
                int passed = fenced
                        ? jdbc.update("UPDATE fence SET epoch = ? WHERE epoch <= ?", epoch, epoch)
                        : jdbc.update("UPDATE fence SET epoch = ?", epoch);
                if (passed != 1) {
                    throw new RegisterException("a newer epoch than " + epoch + " has written");
                }
                jdbc.update("INSERT INTO writes (id, epoch, node) VALUES (?, ?, ?)", id, epoch, node);
                jdbc.update("UPDATE register SET content = ?", id);
            });
        } catch (DataAccessException | TransactionException e) {
            throw new RegisterException("the database did not take it", e);
        }
    }
}
