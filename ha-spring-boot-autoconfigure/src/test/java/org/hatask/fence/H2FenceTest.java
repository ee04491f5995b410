package org.hatask.fence;

import java.sql.Connection;
import javax.sql.DataSource;
import org.hatask.jdbc.Database;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class H2FenceTest extends FenceConformanceTest {

    @Override
    DataSource dataSource() {
        return new DriverManagerDataSource("jdbc:h2:mem:fence;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=60000", "sa", "");
    }

    @Override
    Database database() {
        return Database.H2;
    }

    @Override
    boolean refusesTheOneThatWaited(int isolation) {
        return isolation != Connection.TRANSACTION_READ_COMMITTED;
    }

    /** The trap at repeatable read: a snapshot of the other tables that is older than the queue. */
    @Override
    String afterAReadBefore(int isolation) {
        return switch (isolation) {
            case Connection.TRANSACTION_READ_COMMITTED -> "fresh";
            case Connection.TRANSACTION_REPEATABLE_READ -> "old";
            default -> "refused";
        };
    }
}
