package org.hatask.failure;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Keeps the judgement from doing more harm than the failure: which of the sick nodes really get no work. Where more than
 * half of the nodes look sick, it is more likely that something they share, or the judge's own machine, is: then all are
 * used. Stateless.
 */
final class EjectionGuard {

    private EjectionGuard() {}

    /**
     * @param incarnation of a living node
     * @param sick whether it would be left out
     * @param since when it fell ill, in nanoseconds of any clock; only for those that are sick
     */
    record Standing(String incarnation, boolean sick, long since) {}

    /**
     * @param ejected incarnations of the nodes that get no work
     * @param panic whether so many look sick that nobody is left out
     */
    record Verdict(Set<String> ejected, boolean panic) {}

    /** @param maxEjected percentage of the living nodes that may be left out, counted with the one to be left out */
    static Verdict judge(List<Standing> living, int maxEjected) {
        List<Standing> sick = new ArrayList<>(living);
        sick.removeIf(node -> !node.sick());
        if (sick.size() * 2 > living.size()) {
            return new Verdict(Set.of(), true);
        }
        // Who was left out first stays so: otherwise a second sick node would bring the first one back.
        sick.sort(Comparator.comparingLong(Standing::since).thenComparing(Standing::incarnation));
        Set<String> ejected = new HashSet<>();
        for (Standing node : sick) {
            int after = ejected.size() + 1;
            if (after * 100 > maxEjected * living.size() || after == living.size()) {
                break;
            }
            ejected.add(node.incarnation());
        }
        return new Verdict(Set.copyOf(ejected), false);
    }
}
