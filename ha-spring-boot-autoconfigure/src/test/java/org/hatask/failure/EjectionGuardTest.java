package org.hatask.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hatask.NodeHealthChangedEvent.Status.SICK;
import static org.hatask.failure.Judge.QUOTE;
import static org.hatask.failure.Judge.SUCCEEDED;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hatask.cluster.Node;
import org.hatask.failure.EjectionGuard.Standing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EjectionGuardTest {

    @ParameterizedTest
    @CsvSource({
        // nodes, sick, max ejected %, ejected, panic
        "1, 1,  50, 0, true",
        "2, 1,  50, 1, false",
        "2, 1,  49, 0, false",
        "2, 2,  50, 0, true",
        "2, 2, 100, 0, true",
        "3, 1,  50, 1, false",
        "3, 1,  33, 0, false",
        "3, 2,  50, 0, true",
        "3, 3, 100, 0, true",
        "4, 2,  50, 2, false",
        "4, 2,  49, 1, false",
        "5, 1,  50, 1, false",
        "5, 2,  50, 2, false",
        "5, 2,  20, 1, false",
        "5, 2,   0, 0, false",
        "5, 3,  50, 0, true"
    })
    void asManyAreLeftOutAsTheGuardAllows(int nodes, int sick, int maxEjected, int ejected, boolean panic) {
        List<Standing> living = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            living.add(new Standing("n" + i, i < sick, 100 - i));
        }

        EjectionGuard.Verdict verdict = EjectionGuard.judge(living, maxEjected);

        assertThat(verdict.ejected()).hasSize(ejected);
        assertThat(verdict.panic()).isEqualTo(panic);
    }

    @Test
    void whoFellIllFirstIsLeftOutFirst() {
        List<Standing> living = List.of(
                new Standing("late", true, 9),
                new Standing("early", true, 5),
                new Standing("a", false, 0),
                new Standing("b", false, 0),
                new Standing("c", false, 0));

        assertThat(EjectionGuard.judge(living, 20).ejected()).containsExactly("early");
    }

    @Test
    void ofTwoNodesOneIsLeftOutAndNeverBoth() {
        Judge judge = new Judge(2);
        judge.sicken("n2");
        assertThat(judge.fit()).containsExactly("n1");

        judge.sicken("n1");

        assertThat(judge.panic).isTrue();
        assertThat(judge.health.isPanic()).isTrue();
        assertThat(judge.fit()).containsExactly("n1", "n2");
        assertThat(judge.status("n1")).isEqualTo(SICK);
        assertThat(judge.reason("n1")).endsWith("it gets work all the same, as too many would be left out");
    }

    @Test
    void ofThreeNodesASecondSickOneBringsTheFirstBack() {
        Judge judge = new Judge(3);
        judge.sicken("n2");
        assertThat(judge.fit()).containsExactly("n1", "n3");

        judge.sicken("n3");

        assertThat(judge.panic).isTrue();
        assertThat(judge.fit()).containsExactly("n1", "n2", "n3");
    }

    @Test
    void panicEndsWhenFewerLookSick() {
        Judge judge = new Judge(3).sicken("n2").sicken("n3");
        assertThat(judge.panic).isTrue();
        judge.passSeconds(31);

        judge.calls(5, "n2", Duration.ZERO, SUCCEEDED);

        assertThat(judge.panic).isFalse();
        assertThat(judge.fit()).as("n3 is left out again, but for probes").contains("n1", "n3");
        for (int i = 0; i < 5; i++) {
            judge.begin("n3", QUOTE);
        }
        assertThat(judge.begin("n3", QUOTE)).isNull();
    }

    @Test
    void ofFiveNodesTwoAreLeftOutAndAThirdMeansPanic() {
        Judge judge = new Judge(5).sicken("n2").sicken("n3");
        assertThat(judge.fit()).containsExactly("n1", "n4", "n5");

        judge.sicken("n4");

        assertThat(judge.panic).isTrue();
        assertThat(judge.fit()).hasSize(5);
    }

    @Test
    void onlyTheLivingAreCounted() {
        Judge judge = new Judge(5);
        judge.unreachable.add("n4");
        judge.unreachable.add("n5");
        judge.passSeconds(1);
        judge.sicken("n2");
        assertThat(judge.fit()).containsExactly("n1", "n3");

        judge.sicken("n3");

        assertThat(judge.panic).as("two of three").isTrue();
        assertThat(judge.fit()).as("all that are alive").containsExactly("n1", "n2", "n3");
    }

    @Test
    void aTaskWhoseOnlyNodesAreLeftOutGoesThereAllTheSame() {
        Judge judge = new Judge(3).sicken("n2");
        List<Node> only = List.of(judge.node("n2"));

        assertThat(judge.health.fit(only)).isEmpty();
        assertThat(judge.health.lastResort(only)).isEqualTo(only);
        assertThat(judge.health.begin(only.get(0), judge.attempt(QUOTE), true, judge.nanos))
                .isNotNull();
    }
}
