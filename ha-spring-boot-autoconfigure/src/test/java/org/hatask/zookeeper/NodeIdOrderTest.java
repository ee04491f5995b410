package org.hatask.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NodeIdOrderTest {

    @Test
    void numbersCompareAsNumbersWhereverTheyStand() {
        List<String> ordered = List.of(
                "1",
                "01",
                "2",
                "10",
                "10.0.0.9:8081",
                "10.0.0.10:8080",
                "10.0.0.10:8081",
                "a",
                "n",
                "n1",
                "n9",
                "n10",
                "n10b2",
                "n10b10",
                "n99999999999999999999999");
        List<String> shuffled = new ArrayList<>(ordered);
        Collections.shuffle(shuffled, new Random(7));

        shuffled.sort(NodeIdOrder.INSTANCE);

        assertThat(shuffled).containsExactlyInAnyOrderElementsOf(ordered);
        for (int i = 2; i < ordered.size(); i++) {
            assertThat(NodeIdOrder.INSTANCE.compare(ordered.get(i - 1), ordered.get(i)))
                    .as("%s before %s", ordered.get(i - 1), ordered.get(i))
                    .isNegative();
        }
    }

    @Test
    void differentIdsAreNeverEqualAndTheOrderIsTheSameFromBothSides() {
        List<String> ids = List.of("1", "01", "001", "n1", "n01", "n1a", "n01a", "", "n");
        for (String a : ids) {
            for (String b : ids) {
                int order = NodeIdOrder.INSTANCE.compare(a, b);
                assertThat(order == 0).as("%s and %s", a, b).isEqualTo(a.equals(b));
                assertThat(Integer.signum(NodeIdOrder.INSTANCE.compare(b, a))).isEqualTo(-Integer.signum(order));
            }
        }
    }
}
