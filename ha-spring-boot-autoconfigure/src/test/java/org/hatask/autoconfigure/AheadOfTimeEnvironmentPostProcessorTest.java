package org.hatask.autoconfigure;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.hatask.standby.InvalidPrimaryOnlyException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.context.aot.AbstractAotProcessor;
import org.springframework.core.SpringProperties;
import org.springframework.mock.env.MockEnvironment;

class AheadOfTimeEnvironmentPostProcessorTest {

    private static final String GENERATED = "spring.aot.enabled";

    private final MockEnvironment environment = new MockEnvironment();

    @AfterEach
    void forget() {
        SpringProperties.setProperty(GENERATED, null);
        System.clearProperty(AbstractAotProcessor.AOT_PROCESSING);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void coldStandbyEndsTheProcessingAndTheStartOfWhatWasProcessed(boolean start) {
        if (start) {
            SpringProperties.setProperty(GENERATED, "true");
        } else {
            System.setProperty(AbstractAotProcessor.AOT_PROCESSING, "true");
        }
        environment.withProperty("ha.topology", "primary-backup");
        assertThatCode(this::process).doesNotThrowAnyException();

        environment.withProperty("ha.standby", "cold");

        assertThatThrownBy(this::process)
                .isInstanceOf(InvalidPrimaryOnlyException.class)
                .hasMessageContaining("spring.aot.enabled");
    }

    @Test
    void anyOtherApplicationStartsAsEver() {
        environment.withProperty("ha.topology", "primary-backup").withProperty("ha.standby", "cold");

        assertThatCode(this::process).doesNotThrowAnyException();
    }

    private void process() {
        new AheadOfTimeEnvironmentPostProcessor().postProcessEnvironment(environment, new SpringApplication());
    }
}
