package org.hatask;

class HostileRecordsLowestNodeIdTest extends HostileRecordsConformanceTest {

    HostileRecordsLowestNodeIdTest() {
        super("lowest-node-id");
    }
}
