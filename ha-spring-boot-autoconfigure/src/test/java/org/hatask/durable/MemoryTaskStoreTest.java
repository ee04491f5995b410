package org.hatask.durable;

import java.time.Clock;

class MemoryTaskStoreTest extends TaskStoreConformanceTest {

    private TaskStore newest;

    @Override
    TaskStore newStore() {
        newest = new MemoryTaskStore(Clock.systemUTC(), 1_000_000);
        return newest;
    }

    @Override
    TaskStore sameStore() {
        return newest;
    }
}
