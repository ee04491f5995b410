package org.hatask.campaign.app;

import org.hatask.StaleEpochException;
import org.hatask.campaign.app.NodeSettings.Mutation;
import org.hatask.fence.JdbcFence;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * A register in a real database. Every write passes the fence in its own transaction and leaves a row with a number: since the
 * register's one row lets one through at a time, to its commit, numbers are the order of the commits.
 */
@Component
class Register {

    private final JdbcFence fence;
    private final JdbcTemplate jdbc;
    private final TransactionTemplate transactions;
    private final boolean fenced;

    Register(JdbcFence fence, JdbcTemplate jdbc, TransactionTemplate transactions, NodeSettings settings) {
        this.fence = fence;
        this.jdbc = jdbc;
        this.transactions = transactions;
        this.fenced = settings.mutation() != Mutation.NO_FENCE;
    }

    /**
     * @throws StaleEpochException when a newer epoch has written
     * @throws RegisterException when it was not written, or nobody knows
     */
    void write(String id, long epoch, String node) {
        try {
            transactions.executeWithoutResult(transaction -> {
                if (fenced) {
                    // By name and epoch, which asks the database alone: the lease has had its say before.
                    fence.pass("register", epoch);
                }
                jdbc.update("UPDATE register SET content = ?", id);
                jdbc.update("INSERT INTO writes (id, epoch, node) VALUES (?, ?, ?)", id, epoch, node);
            });
        } catch (DataAccessException | TransactionException e) {
            throw new RegisterException("the database did not take it", e);
        }
    }
}
