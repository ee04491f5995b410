package org.hatask.zookeeper;

import java.util.List;
import java.util.Optional;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.zookeeper.Op;
import org.hatask.cluster.Orders;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What operators have ordered, as it stands in {@code /assigned}. Belongs to the membership's thread. A record that cannot be
 * read changes nothing; one that was wiped is written anew from what is remembered here, so that a drained node stays
 * drained and nobody is promoted by accident.
 */
final class OrdersWatch {

    private static final Logger log = LoggerFactory.getLogger(OrdersWatch.class);

    private final Connection connection;
    private final String path;
    private final String cluster;
    private final OddRecords oddRecords;
    private final Runnable changed;
    private final CuratorCache cache;
    private Orders known = Orders.NONE;
    private boolean filled;
    private boolean started;

    /**
     * @param changed told on the worker when there is something new
     */
    OrdersWatch(ZooKeeperClients clients, Worker worker, Runnable changed) {
        this.connection = clients.membership();
        this.path = clients.paths().assigned();
        this.cluster = clients.settings().cluster();
        this.oddRecords = clients.oddRecords();
        this.changed = changed;
        this.cache = connection.cache(
                path,
                worker,
                () -> {
                    filled = true;
                    refresh();
                },
                this::refresh,
                CuratorCache.Options.SINGLE_NODE_CACHE);
    }

    /** Writes the orders, provided that what stands there still has their version. */
    static Op write(String path, Orders orders) {
        return Op.setData(path, Records.write(orders.withVersion(0)), orders.version());
    }

    private void refresh() {
        read();
        changed.run();
    }

    void start() {
        started = true;
        cache.start();
    }

    /** Whether they are known at all. */
    boolean isFilled() {
        return filled;
    }

    Orders orders() {
        return known;
    }

    private void read() {
        Optional<ChildData> data = cache.get(path);
        if (data.isEmpty() || !filled) {
            return; // Gone with a wiped ensemble: whoever creates it anew is told of below.
        }
        int version = data.get().getStat().getVersion();
        Optional<Orders> read = Records.readOrders(data.get().getData()).map(orders -> orders.withVersion(version));
        if (read.isEmpty()) {
            oddRecords.report(
                    path,
                    data.get().getStat().getMzxid(),
                    "cannot be read; what operators ordered before stays in force. The next order replaces it");
            known = known.withVersion(version);
        } else if (data.get().getData().length == 0 && !known.saysNothing()) {
            restore(version);
        } else {
            known = read.get();
        }
    }

    private void restore(int version) {
        Session current = connection.session();
        if (current != null) {
            log.warn("[{}] {} was wiped: writing it anew as remembered here", cluster, path);
            current.multi(List.of(write(path, known.withVersion(version))));
        }
    }

    /** Every now and then: an attempt to restore may have got lost. */
    void check() {
        read();
    }

    void close() {
        if (started) {
            cache.close();
        }
    }
}
