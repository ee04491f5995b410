package org.hatask.zookeeper;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;

/** Whatever stands in a znode is understood or as good as nothing. */
class RecordsFuzz {

    @DictionaryEntries({
        "{\"id\":\"n1\",\"incarnation\":\"a\",\"uri\":\"http://h:1\",\"state\":\"UP\",\"masterEligible\":true,\"acceptsTasks\":true,\"weight\":1,\"startedAt\":\"2026-01-01T12:00:00Z\",\"tasks\":{\"a\":1}}",
        "{\"nodeId\":\"n1\",\"incarnation\":\"a\",\"epoch\":7,\"since\":\"2026-01-01T12:00:00Z\",\"cause\":\"first\"}",
        "\"state\":\"HELD\"",
        "\"actions\":[{\"id\":\"1\",\"kind\":\"PROMOTE\",\"node\":\"n1\",\"result\":\"PENDING\"}]",
        "\"appointment\":{\"node\":\"n1\",\"by\":\"x\"}",
        "\"drained\":{\"n1\":{\"by\":\"x\"}}",
        "\"key\":\"AAAA\"",
        "null"
    })
    @FuzzTest(maxDuration = "60s")
    void recordsAreUnderstoodOrAsGoodAsNothing(byte[] input) {
        Records.readNode(input)
                .ifPresent(node -> Records.readNode(Records.write(node)).orElseThrow());
        Records.readMaster(input)
                .ifPresent(master -> Records.readMaster(Records.write(master)).orElseThrow());
        Records.readLease(input)
                .ifPresent(lease -> Records.readLease(Records.write(lease)).orElseThrow());
        Records.readSecret(input)
                .ifPresent(secret -> Records.readSecret(Records.write(secret)).orElseThrow());
        Records.readOrders(input)
                .ifPresent(orders -> Records.readOrders(Records.write(orders)).orElseThrow());
        Records.write(Records.readHistory(input));
    }
}
