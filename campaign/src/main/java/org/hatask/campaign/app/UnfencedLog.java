package org.hatask.campaign.app;

import java.io.IOException;
import java.io.OutputStream;
import org.springframework.stereotype.Component;

/**
 * A log that all masters append to and that nothing protects but {@code checkMaster()} right before each line. Its order in
 * the file is the order in which it happened.
 */
@Component
class UnfencedLog {

    private final OutputStream file;

    UnfencedLog(NodeSettings settings) throws IOException {
        this.file = EventLog.append(settings.unfenced());
    }

    /** @param checkedNanos when the mastership was last asked for, before it was found certain */
    void append(long checkedNanos, String node, long pid, String id, long epoch) {
        EventLog.write(file, checkedNanos, "append", node + "-" + pid, id, epoch);
    }
}
