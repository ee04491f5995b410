package org.hatask.campaign.rig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProbeTest {

    @Test
    void aHistogramIsReadWithItsTotal() {
        Reading reading = Probe.reading(
                List.of(
                        "4711:",
                        " num     #instances         #bytes  class name (module)",
                        "-------------------------------------------------------",
                        "   1:         41222        3311432  [B (java.base@17.0.15)",
                        "  57:             4            416  org.hatask.link.Link",
                        "Total        312113       19922944"),
                95,
                25);

        assertThat(reading.heapBytes()).isEqualTo(19_922_944);
        assertThat(reading.threads()).isEqualTo(95);
        assertThat(reading.files()).isEqualTo(25);
        assertThat(reading.instances()).containsOnly(Map.entry("[B", 41_222L), Map.entry("org.hatask.link.Link", 4L));
    }

    @Test
    void whatIsNoHistogramIsShown() {
        assertThatThrownBy(() -> Probe.reading(List.of("4711:", "Connection refused"), 0, 0))
                .hasMessageContaining("4711: Connection refused");
    }

    @Test
    void aProcessThatIsNoMoreHasNoReading() {
        Child child = new Child("gone", Path.of("target"), Map.of(), List.of(), "none.Such", List.of());
        child.start();
        child.kill9();

        assertThat(Probe.jvm(child)).isEmpty();
    }
}
