package org.hatask.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

/** Which cluster keys are accepted from configuration, and that none of them is ever shown. */
@ExtendWith(OutputCaptureExtension.class)
class ClusterKeySettingsTest {

    @Configuration(proxyBeanMethods = false)
    @EnableConfigurationProperties(HaProperties.class)
    static class Settings {}

    private final ApplicationContextRunner runner =
            new ApplicationContextRunner().withUserConfiguration(Settings.class);

    private static String random(int bytes) {
        byte[] key = new byte[bytes];
        new SecureRandom().nextBytes(key);
        return Base64.getEncoder().encodeToString(key);
    }

    @Test
    void randomKeysAreTaken() {
        for (int i = 0; i < 10_000; i++) {
            assertThat(SecretCheck.problem(random(32))).isEmpty();
        }
        assertThat(SecretCheck.problem(random(64))).isEmpty();
        String hexadecimal = HexFormat.of().formatHex(Base64.getDecoder().decode(random(32)));
        assertThat(SecretCheck.problem(hexadecimal)).isEmpty();
        assertThat(SecretCheck.problem(base64(hexadecimal + "\n"))).isEmpty();
        assertThat(SecretCheck.problem(" " + random(32) + "\n")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "changeit-changeit-changeit-change",
                "a secret that is long enough, but not random",
                "0123456789abcdef0123456789abcdef",
                "secretsecretsecretsecretsecretsecret",
                "passwordpasswordpasswordpassword",
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            })
    void textIsNoKeyHoweverLong(String text) {
        assertThat(SecretCheck.problem(base64(text))).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "thekeyofourclusterwhichnobodywilleverguesssurely",
                "THEKEYOFOURCLUSTERWHICHNOBODYWILLEVERGUESSSURELY",
                "my+cluster+key/2026/do+not+tell+anybody+at+all42"
            })
    void wordsThatHappenToBeBase64AreNoKey(String text) {
        assertThat(SecretCheck.problem(text)).isPresent();
    }

    @Test
    void patternsAreNoKeys() {
        byte[] counting = new byte[32];
        for (int i = 0; i < counting.length; i++) {
            counting[i] = (byte) i;
        }
        assertThat(SecretCheck.problem(Base64.getEncoder().encodeToString(counting)))
                .isPresent();
        assertThat(SecretCheck.problem(Base64.getEncoder().encodeToString(new byte[32])))
                .isPresent();
        assertThat(SecretCheck.problem("deadbeef".repeat(8))).isPresent();
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ha.security.key", "ha.security.accepted-keys[0]"})
    void aBadKeyEndsTheStartWithWhatToDoAndIsNotShown(String property, CapturedOutput output) {
        String tooShort = random(31);

        assertThatThrownBy(() -> application("--" + property + "=" + tooShort)).isNotNull();

        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains(property + " has 31 bytes, which is too short")
                .contains("openssl rand -base64 32")
                .doesNotContain(tooShort);
    }

    @Test
    void aBlankKeyIsAForgottenOneAndEndsTheStart(CapturedOutput output) {
        assertThatThrownBy(() -> application("--ha.security.key=${NO_SUCH_VARIABLE:}"))
                .isNotNull();

        assertThat(output).contains("APPLICATION FAILED TO START").contains("ha.security.key is blank");
    }

    private static void application(String property) {
        new SpringApplicationBuilder(Settings.class)
                .web(WebApplicationType.NONE)
                .run(property)
                .close();
    }

    @Test
    void keysComeFromAListInOneVariable() {
        String old = random(32);
        String next = random(48);

        runner.withPropertyValues("ha.security.key=" + old, "ha.security.accepted-keys=" + next + ", " + random(32))
                .run(context -> {
                    HaProperties.Security security =
                            context.getBean(HaProperties.class).security();
                    assertThat(security.keyBytes())
                            .isEqualTo(Base64.getDecoder().decode(old));
                    assertThat(security.acceptedKeyBytes()).hasSize(2);
                    assertThat(security.acceptedKeyBytes().get(0))
                            .isEqualTo(Base64.getDecoder().decode(next));
                    assertThat(context.getBean(HaProperties.class).toString()).doesNotContain(old, next);
                });
    }

    @Test
    void acceptedKeysArePossibleBesideTheOneThatTheNodesShare() {
        runner.withPropertyValues("ha.security.accepted-keys=" + random(32)).run(context -> {
            assertThat(context.getBean(HaProperties.class).security().keyBytes())
                    .isNull();
            assertThat(context.getBean(HaProperties.class).security().acceptedKeyBytes())
                    .hasSize(1);
        });
    }
}
