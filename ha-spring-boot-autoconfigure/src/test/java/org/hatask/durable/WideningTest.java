package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.hatask.HaTask;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.Tasks;
import org.junit.jupiter.api.Test;

class WideningTest {

    public static class Desk {

        @HaTask
        public void numbers(short a, int b, long c, float d, double e, Long boxed) {}

        @HaTask
        public void others(char a, boolean b, Number c, Set<String> d) {}
    }

    private static final TaskDefinition NUMBERS = Tasks.of(Desk.class, "numbers");
    private static final TaskDefinition OTHERS = Tasks.of(Desk.class, "others");

    @Test
    void numberBecomesTheOneThatItsParameterExpects() {
        byte one = 1;
        assertThat(Widening.widened(NUMBERS, new Object[] {one, one, one, one, one, one}))
                .containsExactly((short) 1, 1, 1L, 1f, 1.0, 1L);
        assertThat(Widening.widened(NUMBERS, new Object[] {(short) 1, 'A', 'A', 'A', 1f, 7}))
                .containsExactly((short) 1, 65, 65L, 65f, 1.0, 7L);
        assertThat(Widening.widened(NUMBERS, new Object[] {null, 1, 1, 1L, 1L, null}))
                .containsExactly(null, 1, 1L, 1f, 1.0, null);
    }

    @Test
    void whatWouldLoseSomethingOrIsNoNumberStaysAndIsAMisfit() {
        Object[] narrower = {'A', 1L, 1f, 1.0, "1", 1.0};
        assertThat(Widening.widened(NUMBERS, narrower)).containsExactly(narrower);
        for (int i = 0; i < narrower.length; i++) {
            Object[] arguments = {(short) 1, 1, 1L, 1f, 1.0, 1L};
            arguments[i] = narrower[i];
            assertThat(Widening.misfit(NUMBERS, arguments).orElseThrow()).startsWith("Argument " + (i + 1) + " of");
        }
        Object[] fitting = {'A', true, 1, Set.of("x")};
        assertThat(Widening.widened(OTHERS, fitting)).containsExactly(fitting);
        assertThat(Widening.misfit(OTHERS, fitting)).isEmpty();
        assertThat(Widening.misfit(OTHERS, new Object[] {'A', true, null, List.of("x")}))
                .contains("Argument 4 of task 'bean.others' must be of type java.util.Set<java.lang.String>, not "
                        + List.of("x").getClass().getTypeName() + ".");
    }
}
