package org.hatask;

class HostileRecordsLatchTest extends HostileRecordsConformanceTest {

    HostileRecordsLatchTest() {
        super("leader-latch");
    }
}
