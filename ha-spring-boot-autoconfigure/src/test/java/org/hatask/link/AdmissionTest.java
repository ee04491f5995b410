package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.hatask.link.Admission.Place;
import org.junit.jupiter.api.Test;

class AdmissionTest {

    private static final ClientAddress HERE = ClientAddress.of("192.0.2.1");

    private final Admission admission = new Admission(8);
    private long now = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos();
    private long passes;

    @Test
    void aClientGetsAQuarterOfThePlacesAndAllClientsNoMoreThanThereAre() {
        assertThat(enter("192.0.2.1")).isNotNull();
        assertThat(enter("192.0.2.1")).isNotNull();
        assertThat(enter("192.0.2.1")).isNull();
        for (int i = 2; i <= 7; i++) {
            assertThat(enter("192.0.2." + i)).isNotNull();
        }
        assertThat(enter("192.0.2.8")).isNull();
    }

    @Test
    void aPlaceIsFreeAgainWhenItsHandshakeIsOver() {
        Place first = enter("192.0.2.1");
        enter("192.0.2.1");

        admission.leave(first, false, now);

        assertThat(enter("192.0.2.1")).isNotNull();
        assertThat(enter("192.0.2.1")).isNull();
    }

    @Test
    void successesAreNotCounted() {
        for (int i = 0; i < 1000; i++) {
            admission.leave(enter("192.0.2.1"), false, now);
        }
        assertThat(enter("192.0.2.1")).isNotNull();
    }

    @Test
    void whoShowsAPassGetsInWhateverStrangersOfItsAddressDo() {
        enter("192.0.2.1");
        admission.leave(enter("192.0.2.1"), true, now);
        assertThat(enter("192.0.2.1")).isNull();
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < 8 * 8; i++) {
            places.add(admission.enter(HERE, pass(), now));
        }
        assertThat(places).doesNotContainNull();
        // Even these are not without an end.
        assertThat(admission.enter(HERE, pass(), now)).isNull();

        places.forEach(place -> admission.leave(Objects.requireNonNull(place), false, now));

        assertThat(admission.enter(HERE, pass(), now)).isNotNull();
    }

    @Test
    void aPassIsGoodOnceAndMakesAStrangerOfWhoeverRepeatsIt() {
        Pass.Shown pass = pass();
        assertThat(Objects.requireNonNull(admission.enter(HERE, pass, now)).key())
                .isNotNull();

        Place repeated = admission.enter(HERE, pass, now);
        assertThat(Objects.requireNonNull(repeated).key()).isNull();
    }

    @Test
    void theConnectionOfAFailedHandshakeKeepsItsPlaceUntilItsContainerHasLetGoOfIt() {
        admission.leave(enter("192.0.2.1"), true, now);
        now += 1;
        admission.leave(enter("192.0.2.1"), true, now);
        assertThat(enter("192.0.2.1")).isNull();

        now += Admission.LINGERS.toNanos() - 1;

        assertThat(enter("192.0.2.1")).isNotNull();
        assertThat(enter("192.0.2.1")).isNull();
    }

    private Place enter(String address) {
        return admission.enter(ClientAddress.of(address), null, now);
    }

    private Pass.Shown pass() {
        return new Pass.Shown(ByteBuffer.allocate(8).putLong(0, passes++), new byte[32]);
    }
}
