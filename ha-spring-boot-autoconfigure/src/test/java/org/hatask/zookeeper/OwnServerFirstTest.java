package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.zookeeper.client.StaticHostProvider;
import org.junit.jupiter.api.Test;

class OwnServerFirstTest {

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final List<InetSocketAddress> all =
            List.of(server(2181), server(2182), server(2183), server(2184), server(2185));
    private long nanos = -1;
    private final OwnServerFirst hosts =
            new OwnServerFirst(server(2184), new StaticHostProvider(all), PATIENCE, () -> nanos);

    private static InetSocketAddress server(int port) {
        return InetSocketAddress.createUnresolved("127.0.0.1", port);
    }

    private int next() {
        InetSocketAddress next = hosts.next(0);
        assertThat(next.isUnresolved()).isFalse();
        return next.getPort();
    }

    @Test
    void theOwnServerIsTriedForAWhileAndThenAll() {
        assertThat(next()).isEqualTo(2184);
        nanos += PATIENCE.toNanos() - 1;
        assertThat(next()).isEqualTo(2184);
        nanos += 1;

        Set<Integer> others = new HashSet<>();
        for (int i = 0; i < all.size(); i++) {
            others.add(next());
        }
        assertThat(others).containsExactlyInAnyOrder(2181, 2182, 2183, 2184, 2185);
    }

    @Test
    void whoseConnectionBrokeBeginsWithTheOwnServerAnew() {
        next();
        nanos += PATIENCE.toNanos();
        next();
        hosts.onConnected();

        assertThat(next()).isEqualTo(2184);
        nanos += PATIENCE.toNanos() - 1;
        assertThat(next()).isEqualTo(2184);
    }
}
