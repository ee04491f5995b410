package org.hatask.sample.booking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.hatask.StaleEpochException;
import org.hatask.TaskContext;
import org.hatask.autoconfigure.HaFenceAutoConfiguration;
import org.hatask.sample.DeskProperties;
import org.hatask.sample.ThisNode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.autoconfigure.jdbc.AutoConfigureTestDatabase;
import org.springframework.boot.test.autoconfigure.jdbc.JdbcTest;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Over an H2 in memory, or over another database: TEST_DB_URL=jdbc:postgresql://localhost/empty TEST_DB_USER=me mvn … */
@JdbcTest(
        properties = {
            "ha.enabled=false",
            "ha.node.id=n1",
            "spring.datasource.url=${TEST_DB_URL:jdbc:h2:mem:booking;LOCK_TIMEOUT=10000;DB_CLOSE_DELAY=-1}",
            "spring.datasource.username=${TEST_DB_USER:sa}",
            "desk.settle-after=0s"
        })
@AutoConfigureTestDatabase(replace = AutoConfigureTestDatabase.Replace.NONE)
@ImportAutoConfiguration(HaFenceAutoConfiguration.class)
@EnableConfigurationProperties(DeskProperties.class)
@Import({Ledger.class, BookingService.class, Confirmations.class, ThisNode.class})
@Transactional(propagation = Propagation.NOT_SUPPORTED)
class BookingServiceTest {

    @Autowired
    private BookingService booking;

    @Autowired
    private Ledger ledger;

    @Autowired
    private Confirmations confirmations;

    @Autowired
    private JdbcClient jdbc;

    @BeforeEach
    void emptyTheBook() {
        jdbc.sql("DELETE FROM trade").update();
        jdbc.sql("DELETE FROM confirmation").update();
        jdbc.sql("UPDATE ha_fence SET epoch = 0").update();
    }

    @Test
    void tradesAreNumberedFromOneWithoutGap() throws Exception {
        for (int i = 1; i <= 3; i++) {
            Trade trade = bookInEpoch(1, order("a" + i));
            assertThat(trade.number()).isEqualTo(i);
            assertThat(trade.epoch()).isEqualTo(1);
            assertThat(trade.node()).isEqualTo("n1");
        }
    }

    @Test
    void sameReferenceIsBookedOnceHoweverOftenItIsSent() throws Exception {
        Trade first = bookInEpoch(1, order("a"));
        Trade again = bookInEpoch(2, order("a"));

        assertThat(again).isEqualTo(first);
        assertThat(numbers()).containsExactly(1L);
        assertThat(bookInEpoch(2, order("b")).number()).isEqualTo(2);
    }

    @Test
    void referenceOfAnotherOrderIsRefused() throws Exception {
        bookInEpoch(1, order("a"));
        assertThatExceptionOfType(ReferenceTakenException.class)
                .isThrownBy(() -> bookInEpoch(1, new TradeOrder("a", "OPT-0002", 7, BigDecimal.ONE)))
                .withMessageContaining("a");
    }

    @Test
    void everyTradeIsConfirmedOnceHoweverOftenThatIsTried() throws Exception {
        Trade trade = bookInEpoch(1, order("a"));
        bookInEpoch(1, order("a"));
        confirmations.confirm(trade.number(), "a");

        assertThat(jdbc.sql("SELECT reference FROM confirmation")
                        .query(String.class)
                        .list())
                .containsExactly("a");
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> confirmations.confirm(trade.number(), "b"))
                .withMessageContaining("confirmed as a");
    }

    @Test
    void writerOfAnOlderEpochIsRefusedOnceANewerHasWritten() throws Exception {
        bookInEpoch(4, order("a"));
        bookInEpoch(5, order("b"));

        assertThatExceptionOfType(StaleEpochException.class).isThrownBy(() -> bookInEpoch(4, order("c")));
        assertThatExceptionOfType(StaleEpochException.class)
                .isThrownBy(() -> TaskContext.callWith(FakeTaskContext.ofEpoch(4), booking::settle));
        assertThat(numbers()).containsExactly(1L, 2L);
    }

    @Test
    void processWithoutAClusterMayNotWriteToTheBookOfACluster() throws Exception {
        assertThat(booking.book(order("a")).epoch()).isZero();
        bookInEpoch(1, order("b"));
        assertThatExceptionOfType(StaleEpochException.class).isThrownBy(() -> booking.book(order("c")));
    }

    @Test
    void deposedMasterIsTurnedAwayBeforeTheDatabase() {
        assertThatExceptionOfType(StaleEpochException.class)
                .isThrownBy(() -> TaskContext.callWith(FakeTaskContext.deposed(9), () -> booking.book(order("a"))))
                .withMessage("deposed");
        assertThat(numbers()).isEmpty();
    }

    @Test
    void numbersHaveNoGapWhenManyBookAtOnceAndEveryOrderComesTwice() throws Exception {
        int orders = 100;
        List<Callable<Trade>> calls = new ArrayList<>();
        for (int i = 0; i < 2 * orders; i++) {
            TradeOrder order = order("r" + i % orders);
            calls.add(() -> bookInEpoch(3, order));
        }
        ExecutorService callers = Executors.newFixedThreadPool(8);
        try {
            for (Future<Trade> booked : callers.invokeAll(calls)) {
                booked.get();
            }
        } finally {
            callers.shutdownNow();
        }
        assertThat(numbers())
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, orders).boxed().toList());
    }

    @Test
    void racingEpochsNeverWriteOutOfOrder() throws Exception {
        List<Callable<Boolean>> calls = IntStream.range(0, 200)
                .<Callable<Boolean>>mapToObj(i -> () -> {
                    try {
                        bookInEpoch(1 + i / 20 % 5 + i / 100, order("r" + i));
                        return true;
                    } catch (StaleEpochException e) {
                        return false;
                    }
                })
                .toList();
        ExecutorService callers = Executors.newFixedThreadPool(8);
        int booked = 0;
        try {
            for (Future<Boolean> call : callers.invokeAll(calls)) {
                booked += call.get() ? 1 : 0;
            }
        } finally {
            callers.shutdownNow();
        }
        assertThat(numbers())
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, booked).boxed().toList());
        assertThat(jdbc.sql("SELECT epoch FROM trade ORDER BY trade_number")
                        .query(Long.class)
                        .list())
                .isSorted();
    }

    @Test
    void settlingMarksWhatIsOldEnoughOnceAndSaysWho() throws Exception {
        bookInEpoch(1, order("a"));
        bookInEpoch(1, order("b"));

        assertThat(TaskContext.callWith(FakeTaskContext.ofEpoch(1), () -> ledger.settle(Duration.ofHours(1), "n1"))
                        .settled())
                .isZero();
        assertThat(TaskContext.callWith(FakeTaskContext.ofEpoch(2), booking::settle))
                .isEqualTo(new Settlement(2, 2, "n1"));
        assertThat(TaskContext.callWith(FakeTaskContext.ofEpoch(2), booking::settle)
                        .settled())
                .isZero();
        assertThat(jdbc.sql("SELECT settled_node FROM trade WHERE settled_epoch = 2")
                        .query(String.class)
                        .list())
                .containsExactly("n1", "n1");
    }

    @Test
    void reportAddsTheBookUp() throws Exception {
        assertThat(booking.report().trades()).isZero();
        bookInEpoch(1, new TradeOrder("a", "OPT-0001", 10, new BigDecimal("2.5")));
        bookInEpoch(1, new TradeOrder("b", "OPT-0001", -4, new BigDecimal("2.5")));
        bookInEpoch(1, new TradeOrder("c", "OPT-0002", 1, new BigDecimal("3")));

        Report report = booking.report();

        assertThat(report.trades()).isEqualTo(3);
        assertThat(report.lastNumber()).isEqualTo(3);
        assertThat(report.turnover()).isEqualByComparingTo("38");
        assertThat(report.node()).isEqualTo("n1");
        assertThat(report.largest())
                .extracting(Report.Position::contract, Report.Position::quantity)
                .containsExactly(tuple("OPT-0001", 6L), tuple("OPT-0002", 1L));
    }

    private Trade bookInEpoch(long epoch, TradeOrder order) throws Exception {
        return TaskContext.callWith(FakeTaskContext.ofEpoch(epoch), () -> booking.book(order));
    }

    private List<Long> numbers() {
        return jdbc.sql("SELECT trade_number FROM trade ORDER BY trade_number")
                .query(Long.class)
                .list();
    }

    private static TradeOrder order(String reference) {
        return new TradeOrder(reference, "OPT-0001", 10, new BigDecimal("2.5"));
    }
}
