package org.hatask.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NoAnswerTest {

    @Test
    void isWhatACallerCanTakeForTheTypeOfTheMethod() {
        assertThat(NoAnswer.of(boolean.class)).isEqualTo(false);
        assertThat(NoAnswer.of(char.class)).isEqualTo('\0');
        assertThat(NoAnswer.of(byte.class)).isEqualTo((byte) 0);
        assertThat(NoAnswer.of(short.class)).isEqualTo((short) 0);
        assertThat(NoAnswer.of(int.class)).isEqualTo(0);
        assertThat(NoAnswer.of(long.class)).isEqualTo(0L);
        assertThat(NoAnswer.of(float.class)).isEqualTo(0f);
        assertThat(NoAnswer.of(double.class)).isEqualTo(0d);
        assertThat(NoAnswer.of(void.class)).isNull();
        assertThat(NoAnswer.of(Integer.class)).isNull();
        assertThat(NoAnswer.of(int[].class)).isNull();
    }
}
