package org.hatask.sample.booking;

import org.hatask.HaTask;
import org.hatask.PrimaryOnly;
import org.hatask.Retry;
import org.hatask.Role;
import org.hatask.TaskContext;
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

    /** A process without a cluster has no epoch. It may write until the first master of a cluster has. */
    private static final long NO_CLUSTER = 0;

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
     * mastership turns a deposed master away early; what keeps it out of the database for certain is the ledger's fence.
     */
    @HaTask(
            name = "book",
            role = Role.MASTER,
            timeout = "15s",
            retry = @Retry(maxAttempts = 5, noRetryFor = ReferenceTakenException.class))
    public Trade book(TradeOrder order) throws ReferenceTakenException {
        long epoch = beginAsMaster("book", order.reference());
        return ledger.book(order, epoch, node.id());
    }

    /** Settles what is old enough: by itself every now and then, once in the cluster, and when called. */
    @Scheduled(fixedDelayString = "${desk.settle-every:2s}")
    @HaTask(name = "settle", role = Role.MASTER, timeout = "15s")
    public Settlement settle() {
        long epoch = beginAsMaster("settle", "-");
        Settlement settlement = ledger.settle(properties.settleAfter(), epoch, node.id());
        if (settlement.settled() > 0) {
            log.info("Settled {} trades in epoch {}", settlement.settled(), epoch);
        }
        return settlement;
    }

    @HaTask(name = "report", role = Role.WORKER, timeout = "15s", retry = @Retry(maxAttempts = 3))
    public Report report() {
        return ledger.report(node.id());
    }

    /** Writes down that the attempt began, before anything else: the process tests read it. Returns the epoch. */
    private long beginAsMaster(String task, String reference) {
        long epoch = TaskContext.find()
                .map(context -> context.epoch().orElse(NO_CLUSTER))
                .orElse(NO_CLUSTER);
        log.debug("Attempt of {} {} begins in epoch {}", task, reference, epoch);
        TaskContext.find().ifPresent(TaskContext::checkMaster);
        return epoch;
    }
}
