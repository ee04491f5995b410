package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class OddRecordsTest {

    private final AtomicLong nanos = new AtomicLong();
    private final OddRecords records = new OddRecords("test", nanos::get);

    @Test
    void eachVersionOfARecordIsToldOnce(CapturedOutput output) {
        records.report("/ha/test/members/x", 1, "is odd");
        records.report("/ha/test/members/x", 1, "is odd");
        records.report("/ha/test/members/x", 2, "is odd again");

        assertThat(output.getOut().lines().filter(line -> line.contains("/ha/test/members/x")))
                .hasSize(2);
    }

    @Test
    void whatIsGoneAndComesBackIsToldAnew(CapturedOutput output) {
        records.report("/ha/test/members/x", 1, "is odd");
        records.report("/ha/test/master", 1, "is odd");
        records.retain("/ha/test/members", List.of());
        records.report("/ha/test/members/x", 1, "is odd");
        records.report("/ha/test/master", 1, "is odd");

        assertThat(output.getOut().lines().filter(line -> line.contains("is odd")))
                .hasSize(3);
    }

    @Test
    void whoWritesOftenIsToldALimitedNumberOfTimesUntilTheTimeIsOver(CapturedOutput output) {
        for (int i = 0; i < 10_000; i++) {
            records.report("/ha/test/members/x" + i, 1, "is odd");
        }
        assertThat(output.getOut().lines().filter(line -> line.contains("/ha/test/members")))
                .hasSize(OddRecords.MAX_PER_PERIOD + 1);

        nanos.addAndGet(Duration.ofMinutes(11).toNanos());
        records.report("/ha/test/members/later", 1, "is odd");
        assertThat(output.getOut()).contains("/ha/test/members/later is odd");
    }
}
