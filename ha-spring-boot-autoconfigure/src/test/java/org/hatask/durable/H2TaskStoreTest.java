package org.hatask.durable;

import javax.sql.DataSource;
import org.hatask.jdbc.Database;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class H2TaskStoreTest extends JdbcTaskStoreConformanceTest {

    @Override
    Database database() {
        return Database.H2;
    }

    @Override
    DataSource dataSource() {
        return new DriverManagerDataSource("jdbc:h2:mem:tasks;DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=60000", "sa", "");
    }
}
