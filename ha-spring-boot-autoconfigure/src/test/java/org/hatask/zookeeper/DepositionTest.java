package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What it does in a cluster is told by {@link MasterElectionConformanceTest}. */
class DepositionTest {

    @Test
    void ofManyAFewWitnessAtOnceAndThenTwiceAsManyEachTime() {
        assertThat(LongStream.range(0, 1000).boxed().map(Deposition::turn).distinct())
                .hasSize(8)
                .isSorted();
        assertThat(LongStream.range(0, 1000)
                        .filter(before -> Deposition.turn(before).isZero()))
                .hasSize(4);
        assertThat(LongStream.range(0, 1000)
                        .filter(before -> Deposition.turn(before).equals(Deposition.turn(4))))
                .hasSize(8);
    }
}
