package org.hatask.campaign.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import org.hatask.campaign.rig.ChurnedCluster;
import org.hatask.campaign.rig.Reading;
import org.junit.jupiter.api.Test;

/** Each test is a soak of sixty readings in which all but one thing stays as it is. */
class VerdictTest {

    private final Map<String, LongUnaryOperator> instances = new HashMap<>(Map.of(
            Recorder.LINKS, minute -> 4,
            Recorder.BREAKERS, minute -> 3,
            Recorder.CLIENT_WATCHERS, minute -> 4));
    private LongUnaryOperator heap = minute -> 20 << 20;
    private LongUnaryOperator threads = minute -> 95;
    private LongUnaryOperator files = minute -> 25;
    private LongUnaryOperator watches = minute -> 12;
    private LongUnaryOperator restarts = minute -> minute * 15;
    private LongUnaryOperator calls = minute -> minute * 1_000;

    private Verdict verdict() {
        Recorder recorder = new Recorder();
        Progress progress = new Progress();
        for (long minute = 0; minute < 60; minute++) {
            for (String process : List.of("n1", ChurnedCluster.RESTARTING)) {
                recorder.add(process, reading(minute));
            }
            recorder.addZooKeeper(Map.of(
                    "zk_watch_count", watches.applyAsLong(minute),
                    "zk_num_alive_connections", 6L,
                    "zk_znode_count", 20L));
            progress.add(
                    restarts.applyAsLong(minute),
                    0,
                    List.of("{\"master\":{\"epoch\":1},\"tasks\":[{\"calls\":" + calls.applyAsLong(minute) + "}]}"));
        }
        return Verdict.of(recorder, progress);
    }

    private Reading reading(long minute) {
        Map<String, Long> counted = new HashMap<>();
        instances.forEach((type, count) -> counted.put(type, count.applyAsLong(minute)));
        counted.values().removeIf(count -> count == 0);
        return new Reading(
                heap.applyAsLong(minute), threads.applyAsLong(minute), files.applyAsLong(minute), Map.copyOf(counted));
    }

    private static List<String> grown(Verdict verdict) {
        return verdict.figures().stream()
                .filter(trend -> !trend.isFlat())
                .map(trend -> trend.series().process() + " " + trend.series().what())
                .toList();
    }

    @Test
    void aSoakInWhichNothingGrowsIsFlat() {
        Verdict verdict = verdict();

        assertThat(verdict.isFlat()).isTrue();
        assertThat(verdict.classes()).isEmpty();
        assertThat(verdict.others()).isEmpty();
    }

    @Test
    void aGrowingHeapIsFoundInEachProcess() {
        heap = minute -> (20L << 20) + (minute << 17);

        assertThat(grown(verdict())).containsExactly("n1 heap", "restarting heap");
        assertThat(verdict().isFlat()).isFalse();
    }

    @Test
    void growingThreadsFilesAndWatchesAreFound() {
        threads = minute -> 90 + minute;
        files = minute -> 20 + minute;
        watches = minute -> 12 + minute;

        assertThat(grown(verdict()))
                .containsExactly(
                        "n1 threads", "n1 files", "restarting threads", "restarting files", "ZooKeeper watches");
    }

    @Test
    void growingBreakersAreFound() {
        instances.put(Recorder.BREAKERS, minute -> 3 + minute);

        assertThat(grown(verdict())).containsExactly("n1 " + Recorder.BREAKERS, "restarting " + Recorder.BREAKERS);
    }

    @Test
    void aClassOfOursThatGrowsFromNothingIsFound() {
        instances.put("org.hatask.link.PeerLinks", minute -> minute / 2);

        Verdict verdict = verdict();

        assertThat(verdict.classes())
                .extracting(
                        trend -> trend.series().process() + " " + trend.series().what())
                .containsExactly("n1 org.hatask.link.PeerLinks", "restarting org.hatask.link.PeerLinks");
        assertThat(verdict.isFlat()).isFalse();
    }

    @Test
    void whatHasABoundMayGrowUpToIt() {
        instances.put("org.hatask.link.ServedCalls$Forgotten", minute -> 100 * minute);
        assertThat(verdict().bounded()).hasSize(2);
        assertThat(verdict().isFlat()).isTrue();

        instances.put("org.hatask.link.ServedCalls$Forgotten", minute -> 400 * minute);
        assertThat(verdict().classes()).hasSize(2);
        assertThat(verdict().isFlat()).isFalse();
    }

    @Test
    void aClassOfTheJdkThatGrowsIsShownOnly() {
        instances.put("java.lang.String", minute -> 100_000 + 1_000 * minute);

        Verdict verdict = verdict();

        assertThat(verdict.others())
                .extracting(trend -> trend.series().what())
                .containsExactly("java.lang.String", "java.lang.String");
        assertThat(verdict.isFlat()).isTrue();
    }

    @Test
    void nothingIsProvedWhenNobodyCame() {
        restarts = minute -> Math.min(minute, 40);

        assertThat(verdict().proves()).isFalse();
        assertThat(verdict().isFlat()).isFalse();
    }

    @Test
    void nothingIsProvedWhenNobodyCalled() {
        calls = minute -> Math.min(minute, 40);

        assertThat(verdict().isFlat()).isFalse();
    }

    @Test
    void nothingIsProvedWhenAClassHasAnotherNameNow() {
        instances.put(Recorder.LINKS, minute -> 0);

        assertThat(verdict().isFlat()).isFalse();
    }
}
