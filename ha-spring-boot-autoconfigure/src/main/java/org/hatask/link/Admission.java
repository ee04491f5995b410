package org.hatask.link;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who may begin a handshake. Strangers, that is everybody without a {@link Pass}, share a few places, of which one client may take a
 * quarter. A place is free again at once when the handshake succeeds, and only a while later when it fails, which limits how often a client
 * may fail. Who shows a pass has other places, so that a node behind the same address as an attacker gets in. Its lock guards everything.
 */
final class Admission {

    /**
     * A connection that was closed in anger is kept by its container until the other side agrees: Tomcat looks every ten seconds for
     * those that never do. So long its place stays taken, or a crowd could have any number of them.
     */
    static final Duration LINGERS = Duration.ofSeconds(12);

    /** Most passes that are remembered as used. */
    static final int MAX_REMEMBERED = 4096;

    /** Many nodes may start at once; more places than for strangers, since a holder of the key does not come to stand around. */
    private static final int PLACES_WITH_PASS = 8;

    private final int places;
    private final int placesPerClient;
    private final Map<String, Integer> strangers = new HashMap<>();
    private final Set<ByteBuffer> usedPasses = Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteBuffer, Boolean> eldest) {
            return size() > MAX_REMEMBERED;
        }
    });
    private final Queue<Lingering> lingering = new ArrayDeque<>();
    private int allStrangers;
    private int allWithPass;

    /** A failed handshake whose connection may still be there. */
    private record Lingering(Place place, long sinceNanos) {}

    /**
     * @param places handshakes of strangers at the same time
     */
    Admission(int places) {
        this.places = places;
        this.placesPerClient = Math.max(1, places / 4);
    }

    /**
     * A place for one handshake.
     *
     * @param key with which the dialler's pass was made, null without one
     */
    record Place(ClientAddress client, byte @Nullable [] key) {}

    /**
     * @return null when it has to come later
     */
    synchronized @Nullable Place enter(ClientAddress client, Pass.@Nullable Shown pass, long now) {
        for (Lingering eldest = lingering.peek();
                eldest != null && now - eldest.sinceNanos() >= LINGERS.toNanos();
                eldest = lingering.peek()) {
            free(lingering.remove().place());
        }
        // A pass is good once: whoever sees it on the network cannot take its owner's place with it.
        if (pass != null && allWithPass < places * PLACES_WITH_PASS && usedPasses.add(pass.id())) {
            allWithPass++;
            return new Place(client, pass.key());
        }
        if (allStrangers >= places || strangers.getOrDefault(client.group(), 0) >= placesPerClient) {
            return null;
        }
        allStrangers++;
        strangers.merge(client.group(), 1, Integer::sum);
        return new Place(client, null);
    }

    /** A handshake is over. Called once for each place. */
    synchronized void leave(Place place, boolean failed, long now) {
        if (failed) {
            lingering.add(new Lingering(place, now));
        } else {
            free(place);
        }
    }

    private void free(Place place) {
        if (place.key() != null) {
            allWithPass--;
            return;
        }
        allStrangers--;
        strangers.computeIfPresent(place.client().group(), (same, count) -> count == 1 ? null : count - 1);
    }
}
