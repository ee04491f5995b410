package org.hatask.fence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.OptionalLong;
import javax.sql.DataSource;
import org.hatask.StaleEpochException;
import org.hatask.TaskContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.transaction.support.TransactionTemplate;

/** Whose epoch it is. */
class JdbcFenceTest {

    private final DataSource dataSource = new DriverManagerDataSource("jdbc:h2:mem:whose;DB_CLOSE_DELAY=-1", "sa", "");
    private final JdbcTemplate jdbc = new JdbcTemplate(dataSource);
    private final TransactionTemplate transaction =
            new TransactionTemplate(new DataSourceTransactionManager(dataSource));
    private final JdbcFence fence = new JdbcFence(dataSource, "ha_fence", "desk", true);

    @BeforeEach
    void emptyTable() {
        jdbc.execute("DROP TABLE IF EXISTS ha_fence");
        fence.afterPropertiesSet();
    }

    @Test
    void aTaskForTheMasterPassesTheClustersFenceWithItsEpoch() throws Exception {
        assertThat(callWith(new Context(OptionalLong.of(7), true), fence)).isEqualTo(7);
        assertThat(jdbc.queryForMap("SELECT name, epoch FROM ha_fence"))
                .containsEntry("name", "desk")
                .containsEntry("epoch", 7L);
    }

    @Test
    void anotherFenceCanBeNamed() throws Exception {
        Context context = new Context(OptionalLong.of(7), true);
        long epoch = TaskContext.callWith(context, () -> transaction.execute(status -> fence.pass("books")));
        assertThat(epoch).isEqualTo(7);
        assertThat(jdbc.queryForObject("SELECT name FROM ha_fence", String.class))
                .isEqualTo("books");
    }

    @Test
    void aMasterThatIsNoneAnyMoreIsRefusedBeforeTheDatabaseIsAsked() {
        assertThatExceptionOfType(StaleEpochException.class)
                .isThrownBy(() -> callWith(new Context(OptionalLong.of(7), false), fence))
                .withMessage("deposed");
        assertThat(jdbc.queryForObject("SELECT COUNT(*) FROM ha_fence", Long.class))
                .isZero();
    }

    @Test
    void aTaskThatIsNotForTheMasterHasNoEpoch() {
        assertThatIllegalStateException()
                .isThrownBy(() -> callWith(new Context(OptionalLong.empty(), true), fence))
                .withMessageContaining("not for the master")
                .withMessageContaining("Role.MASTER");
    }

    @Test
    void inAClusterNobodyPassesOutsideOfATask() {
        assertThatIllegalStateException()
                .isThrownBy(() -> transaction.execute(status -> fence.pass()))
                .withMessageContaining("No HA task");
    }

    @Test
    void withoutAClusterOneMayWriteUntilTheFirstMasterOfOneHas() throws Exception {
        JdbcFence alone = new JdbcFence(dataSource, "ha_fence", "desk", false);
        long epoch = transaction.execute(status -> alone.pass());
        assertThat(epoch).isEqualTo(JdbcFence.NO_CLUSTER);
        assertThat(callWith(new Context(OptionalLong.of(1), true), fence)).isEqualTo(1);
        assertThatExceptionOfType(StaleEpochException.class)
                .isThrownBy(() -> transaction.execute(status -> alone.pass()))
                .withMessageContaining("no cluster");
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> fence.pass("desk", -1));
        assertThatIllegalArgumentException().isThrownBy(() -> fence.pass(" ", 1));
        assertThatIllegalArgumentException().isThrownBy(() -> fence.pass("x".repeat(101), 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a;DROP TABLE b", "a.", "1a", "a'"})
    void aTableIsAPlainName(String table) {
        assertThatIllegalArgumentException().isThrownBy(() -> new JdbcFence(dataSource, table, "desk", true));
    }

    @Test
    void aTableMayStandInASchemaOfItsOwn() throws Exception {
        jdbc.execute("CREATE SCHEMA IF NOT EXISTS ops");
        JdbcFence elsewhere = new JdbcFence(dataSource, "ops.fences", "desk", true);
        elsewhere.afterPropertiesSet();
        callWith(new Context(OptionalLong.of(3), true), elsewhere);
        assertThat(jdbc.queryForObject("SELECT epoch FROM ops.fences", Long.class))
                .isEqualTo(3);
    }

    @Test
    void aDatabaseThatCannotBeReachedYetDoesNotEndTheStart() {
        new JdbcFence(new DriverManagerDataSource("jdbc:h2:tcp://127.0.0.1:1/none"), "ha_fence", "desk", true)
                .afterPropertiesSet();
    }

    private long callWith(TaskContext context, JdbcFence passed) throws Exception {
        return TaskContext.callWith(context, () -> transaction.execute(status -> passed.pass()));
    }

    /** As the engine would bind it. */
    private record Context(OptionalLong epoch, boolean master) implements TaskContext {

        @Override
        public String taskName() {
            return "book";
        }

        @Override
        public String taskId() {
            return "task-1";
        }

        @Override
        public int attempt() {
            return 1;
        }

        @Override
        public Duration remaining() {
            return Duration.ofSeconds(10);
        }

        @Override
        public String callerNode() {
            return "n1";
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public void checkMaster() {
            if (!master) {
                throw new StaleEpochException("deposed");
            }
        }
    }
}
