package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnsembleSettingsTest {

    @Test
    void portsHaveDefaultsAndNumbersFollowTheOrder() {
        EnsembleSettings ensemble =
                EnsembleSettings.parse(List.of("n1@10.0.0.1", " n2@host-b:1:2:3 ", "n3@[::1]:4:5:6"));
        assertThat(ensemble.peerOf("n1")).contains(new EnsembleSettings.Peer(1, "n1", "10.0.0.1", 2181, 2888, 3888));
        assertThat(ensemble.peerOf("n2")).contains(new EnsembleSettings.Peer(2, "n2", "host-b", 1, 2, 3));
        assertThat(ensemble.peerOf("n9")).isEmpty();
        assertThat(ensemble.connectString()).isEqualTo("10.0.0.1:2181,host-b:1,[::1]:4");
        assertThat(ensemble.peers().get(1).line()).isEqualTo("host-b:2:3:participant;host-b:1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "n1",
                "@host",
                "n1@",
                "n1@host:1",
                "n1@host:1:2",
                "n1@host:a:b:c",
                "n1@host:1:2:3:4",
                "n1@host:0:2:3",
                "n1@host:1:2:99999",
                "n1@host:1:1:2"
            })
    void whatIsMalformedIsNamedWithAnExample(String text) {
        assertThatThrownBy(() -> EnsembleSettings.parse(List.of(text)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("n1@10.0.0.1:2181:2888:3888");
    }

    @Test
    void anEmptyListAndDoublesAreRefused() {
        assertThatThrownBy(() -> EnsembleSettings.parse(List.of())).hasMessageContaining("empty");
        assertThatThrownBy(() -> EnsembleSettings.parse(List.of("n1@a", "n1@b")))
                .hasMessageContaining("listed twice");
        assertThatThrownBy(() -> EnsembleSettings.parse(List.of("n1@a", "n2@a")))
                .hasMessageContaining("a:2181 is used twice");
    }

    @Test
    void theTickFitsTheSessionSeveralTimes() {
        assertThat(DevelopmentServer.tickTime(Duration.ofSeconds(2), Duration.ofSeconds(6)))
                .isEqualTo(Duration.ofMillis(600));
        assertThat(DevelopmentServer.tickTime(Duration.ofMillis(100), Duration.ofSeconds(6)))
                .isEqualTo(Duration.ofMillis(100));
    }
}
