package org.hatask;

import java.util.Map;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;

/** A real ZooKeeper server of its own for a test, with ticks short enough for short sessions. */
public final class TestZooKeeper {

    private TestZooKeeper() {}

    public static TestingServer start(int tickMillis) throws Exception {
        return start(tickMillis, -1);
    }

    /** On this port, or on any with -1. */
    public static TestingServer start(int tickMillis, int port) throws Exception {
        // Static in ZooKeeper: a server that does not say it inherits it from an ensemble that ran before in this JVM.
        Map<String, Object> properties = Map.of("standaloneEnabled", "true");
        return new TestingServer(new InstanceSpec(null, port, -1, -1, true, -1, tickMillis, -1, properties), true);
    }
}
