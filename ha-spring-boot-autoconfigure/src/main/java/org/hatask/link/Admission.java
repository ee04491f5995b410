package org.hatask.link;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who may begin a handshake. Strangers, that is everybody without a {@link Pass}, share a few places, of which a client may take a part;
 * and a client whose handshakes fail is sent away until its failures are forgotten, two a second. Who shows a pass is asked for none of
 * that, so that a node behind the same address as an attacker gets in, and has other places. Its lock guards everything.
 */
final class Admission {

    /** So many failures in a row are nothing special: a node that was restarted, or one with a wrong key. */
    static final int MAX_FAILURES = 20;

    static final Duration FORGETS_ONE_IN = Duration.ofMillis(500);

    /** Most clients whose failures are remembered, and most passes. */
    static final int MAX_REMEMBERED = 4096;

    /** Many nodes may start at once; more places than for strangers, since a holder of the key does not come to stand around. */
    private static final int PLACES_WITH_PASS = 8;

    private final int places;
    private final int placesPerClient;
    private final Map<String, Integer> strangers = new HashMap<>();
    private final Map<String, Failures> failures = remembering();
    private final Map<Object, Boolean> usedPasses = remembering();
    private int allStrangers;
    private int allWithPass;

    /** Failures of a client, as of then. */
    private record Failures(double count, long sinceNanos) {

        double now(long now) {
            return Math.max(0, count - (double) (now - sinceNanos) / FORGETS_ONE_IN.toNanos());
        }
    }

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
        // A pass is good once: whoever sees it on the network cannot take its owner's place with it.
        if (pass != null
                && allWithPass < places * PLACES_WITH_PASS
                && usedPasses.putIfAbsent(pass.id(), true) == null) {
            allWithPass++;
            return new Place(client, pass.key());
        }
        Failures known = failures.get(client.group());
        if (allStrangers >= places
                || strangers.getOrDefault(client.group(), 0) >= placesPerClient
                || known != null && known.now(now) + 1 > MAX_FAILURES) {
            return null;
        }
        allStrangers++;
        strangers.merge(client.group(), 1, Integer::sum);
        return new Place(client, null);
    }

    /** A handshake is over, and its place free. Called once for each. */
    synchronized void leave(Place place, boolean failed, long now) {
        if (place.key() != null) {
            allWithPass--;
            return;
        }
        String client = place.client().group();
        allStrangers--;
        strangers.computeIfPresent(client, (same, count) -> count == 1 ? null : count - 1);
        if (failed) {
            Failures known = failures.remove(client);
            failures.put(client, new Failures((known == null ? 0 : known.now(now)) + 1, now));
        }
    }

    private static <K, V> Map<K, V> remembering() {
        return new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > MAX_REMEMBERED;
            }
        };
    }
}
