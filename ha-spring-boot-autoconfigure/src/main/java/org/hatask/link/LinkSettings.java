package org.hatask.link;

import java.time.Duration;

/**
 * How links behave. The same values on every node are not required, but the smaller {@code maxMessageSize} of two nodes
 * decides what fits between them.
 *
 * @param connectTimeout longest time to connect and to prove to each other who one is
 * @param heartbeatInterval pause between two signs of life
 * @param missedHeartbeats a link is dead after this many intervals without any message
 * @param maxMessageSize largest call or answer in bytes ({@code ha.link.max-message-size})
 * @param sendQueueSize bytes that may wait for a slow peer before further calls to it are not sent; at least one message
 * @param departedIdle how long a link to a process that is no member any more may be idle before it is closed
 * @param maxHandshakes connections that may be open without having proved anything yet
 * @param maxServed calls of a peer that may be under way over one link: far more than a node has threads and places for, so that one
 *     peer cannot fill the memory of a node that was given more of these
 * @param flushTimeout how long {@code close()} waits for what is queued to be sent
 */
public record LinkSettings(
        Duration connectTimeout,
        Duration heartbeatInterval,
        int missedHeartbeats,
        int maxMessageSize,
        int sendQueueSize,
        Duration departedIdle,
        int maxHandshakes,
        int maxServed,
        Duration flushTimeout) {

    /** Smallest {@code maxMessageSize}: below it not even an error would fit. */
    static final int SMALLEST_MESSAGE = 16 * 1024;

    public LinkSettings {
        positive(connectTimeout, "connect-timeout");
        positive(heartbeatInterval, "heartbeat-interval");
        positive(departedIdle, "departed-idle");
        positive(flushTimeout, "flush-timeout");
        atLeast(1, missedHeartbeats, "missed-heartbeats");
        atLeast(SMALLEST_MESSAGE, maxMessageSize, "max-message-size");
        atLeast(SMALLEST_MESSAGE, sendQueueSize, "send-queue-size");
        atLeast(1, maxHandshakes, "max-handshakes");
        atLeast(1, maxServed, "max-served");
    }

    public static LinkSettings defaults() {
        return new LinkSettings(
                Duration.ofSeconds(2),
                Duration.ofSeconds(1),
                3,
                16 * 1024 * 1024,
                16 * 1024 * 1024,
                Duration.ofSeconds(10),
                32,
                16 * 1024,
                Duration.ofSeconds(1));
    }

    /** A link without any message for this long is dead. */
    Duration silenceLimit() {
        return heartbeatInterval.multipliedBy(missedHeartbeats);
    }

    private static void positive(Duration value, String name) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException("ha.link." + name + " must be positive, not " + value);
        }
    }

    private static void atLeast(int least, int value, String name) {
        if (value < least) {
            throw new IllegalArgumentException("ha.link." + name + " must be at least " + least + ", not " + value);
        }
    }
}
