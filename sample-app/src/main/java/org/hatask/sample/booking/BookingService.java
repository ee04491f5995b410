package org.hatask.sample.booking;

import java.util.Optional;
import java.util.OptionalLong;
import org.hatask.HaTask;
import org.hatask.PrimaryOnly;
import org.hatask.Retry;
import org.hatask.Role;
import org.hatask.TaskContext;
import org.hatask.fence.JdbcFence;
import org.hatask.sample.DeskProperties;
import org.hatask.sample.ThisNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Service;

/**
 * Books and settles on the master, reports on the workers. With a cold standby it lives, and settles, on the primary alone.
 */
@Service
@PrimaryOnly
public class BookingService {

    private static final Logger log = LoggerFactory.getLogger(BookingService.class);

    private final Ledger ledger;
    private final DeskProperties properties;
    private final ThisNode node;

    BookingService(Ledger ledger, DeskProperties properties, ThisNode node) {
        this.ledger = ledger;
        this.properties = properties;
        this.node = node;
    }

    /**
     * Books the order. Retried when its node fails, which is safe: the reference makes it idempotent. The check of the
     * mastership turns a deposed master away early; what keeps it out of the database for certain is the fence in the ledger.
     */
    @HaTask(
            name = "book",
            role = Role.MASTER,
            timeout = "15s",
            retry = @Retry(maxAttempts = 5, noRetryFor = ReferenceTakenException.class))
    public Trade book(TradeOrder order) throws ReferenceTakenException {
        beginAsMaster("book", order.reference());
        return ledger.book(order, node.id());
    }

    /** Settles what is old enough: by itself every now and then, once in the cluster, and when called. */
    @Scheduled(fixedDelayString = "${desk.settle-every:2s}")
    @HaTask(name = "settle", role = Role.MASTER, timeout = "15s")
    public Settlement settle() {
        beginAsMaster("settle", "-");
        Settlement settlement = ledger.settle(properties.settleAfter(), node.id());
        if (settlement.settled() > 0) {
            log.info("Settled {} trades in epoch {}", settlement.settled(), settlement.epoch());
        }
        return settlement;
    }

    @HaTask(name = "report", role = Role.WORKER, timeout = "15s", retry = @Retry(maxAttempts = 3))
    public Report report() {
        return ledger.report(node.id());
    }

    /** Writes down that the attempt began, before anything else: the process tests read it. */
    private void beginAsMaster(String task, String reference) {
        Optional<TaskContext> context = TaskContext.find();
        long epoch =
                context.map(TaskContext::epoch).orElse(OptionalLong.empty()).orElse(JdbcFence.NO_CLUSTER);
        log.debug("Attempt of {} {} begins in epoch {}", task, reference, epoch);
        context.ifPresent(TaskContext::checkMaster);
    }
}
