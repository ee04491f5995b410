package org.hatask.campaign.rig;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.hatask.campaign.rig.Fault.Kind;

/** Faults in the order of their time: the same seed, length and setup make the same schedule. */
public final class Schedule {

    private static final int ZOOKEEPER_SERVERS = 3;

    /** How faults are chosen. */
    public enum Profile {
        /** All kinds, by their weights, every 1.5 to 5 s. */
        ALL,
        /** Pauses longer than a session, nine of ten of the master: what the mutations are looked for with. */
        PAUSES
    }

    private Schedule() {}

    public static List<Fault> of(long seed, Duration length, Setup setup, Profile profile) {
        Random random = new Random(seed);
        Set<Kind> kinds = Kind.of(setup.election(), setup.ensemble());
        int nodes = setup.nodes();
        List<Fault> faults = new ArrayList<>();
        Duration at = Duration.ofSeconds(2);
        while (true) {
            at = at.plusMillis(profile == Profile.ALL ? random.nextInt(1_500, 5_000) : random.nextInt(7_500, 9_000));
            if (at.compareTo(length) >= 0) {
                return List.copyOf(faults);
            }
            faults.add(profile == Profile.ALL ? any(random, at, nodes, kinds) : pause(random, at, nodes));
        }
    }

    private static Fault any(Random random, Duration at, int nodes, Set<Kind> kinds) {
        Kind kind = kind(random, kinds);
        boolean ofZooKeeper = kind == Kind.ZOOKEEPER_KILL || kind == Kind.ZOOKEEPER_RESTART;
        int target = 1 + random.nextInt(ofZooKeeper ? ZOOKEEPER_SERVERS : nodes);
        int other = 1 + (target - 1 + random.nextInt(1, nodes)) % nodes;
        Duration length = Duration.ofMillis(random.nextInt(kind.leastSeconds * 1000 + 300, kind.mostSeconds * 1000));
        int amount = kind == Kind.CLOCK ? random.nextInt(-120, 121) : random.nextInt(20, 400);
        return new Fault(at, kind, length, !ofZooKeeper && random.nextInt(100) < 55, target, other, amount);
    }

    private static Fault pause(Random random, Duration at, int nodes) {
        int target = 1 + random.nextInt(nodes);
        return new Fault(
                at,
                Kind.PAUSE,
                Duration.ofMillis(random.nextInt(4_800, 6_500)),
                random.nextInt(10) > 0,
                target,
                1 + target % nodes,
                0);
    }

    private static Kind kind(Random random, Set<Kind> kinds) {
        int sum = 0;
        for (Kind kind : kinds) {
            sum += kind.weight;
        }
        int dice = random.nextInt(sum);
        for (Kind kind : kinds) {
            dice -= kind.weight;
            if (dice < 0) {
                return kind;
            }
        }
        throw new IllegalStateException("the weights of the faults do not add up");
    }
}
