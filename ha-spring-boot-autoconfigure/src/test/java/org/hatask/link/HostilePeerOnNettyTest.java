package org.hatask.link;

import java.util.List;

/** The same client at a server that reads, and so defends itself, in another way. */
class HostilePeerOnNettyTest extends HostilePeerTest {

    @Override
    TestNode start(LinkSettings settings) {
        return TestNode.start(
                "a",
                "test",
                () -> List.of(TestNode.KEY),
                settings,
                new TestTasks(),
                transport -> new TestNetty(transport, settings));
    }
}
