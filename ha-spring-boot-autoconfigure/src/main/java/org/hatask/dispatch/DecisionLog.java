package org.hatask.dispatch;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.hatask.cluster.Node;
import org.hatask.execute.Outcome;
import org.jspecify.annotations.Nullable;

/** The last choices of a node for one task, for operators. A choice costs one small object. Thread-safe, without locks. */
final class DecisionLog {

    static final int KEPT = 20;

    private final AtomicReferenceArray<@Nullable Decision> last = new AtomicReferenceArray<>(KEPT);
    private final AtomicInteger next = new AtomicInteger();

    /** One choice. Its outcome is written by the call's own thread; neither arguments nor results are kept. */
    static final class Decision {

        final long atNanos;
        final String taskId;
        final int attempt;
        final Node node;
        final int candidates;
        private volatile @Nullable String outcome;

        private Decision(long atNanos, String taskId, int attempt, Node node, int candidates) {
            this.atNanos = atNanos;
            this.taskId = taskId;
            this.attempt = attempt;
            this.node = node;
            this.candidates = candidates;
        }

        void ended(Outcome result) {
            outcome = describe(result);
        }

        /** What became of the attempt; null while it is under way. */
        @Nullable
        String outcome() {
            return outcome;
        }
    }

    Decision add(long atNanos, String taskId, int attempt, Node node, int candidates) {
        Decision decision = new Decision(atNanos, taskId, attempt, node, candidates);
        last.set(Math.floorMod(next.getAndIncrement(), KEPT), decision);
        return decision;
    }

    /** The newest first. */
    List<Decision> newestFirst() {
        List<Decision> decisions = new ArrayList<>(KEPT);
        for (int i = 0; i < KEPT; i++) {
            Decision decision = last.get(i);
            if (decision != null) {
                decisions.add(decision);
            }
        }
        decisions.sort(Comparator.comparingLong((Decision decision) -> decision.atNanos)
                .reversed());
        return decisions;
    }

    private static String describe(Outcome outcome) {
        if (outcome instanceof Outcome.Succeeded) {
            return "SUCCEEDED";
        } else if (outcome instanceof Outcome.Failed failed) {
            return "FAILED: " + failed.typeNames().get(0);
        } else if (outcome instanceof Outcome.NotSent notSent) {
            return "NOT_SENT: " + notSent.reason();
        } else if (outcome instanceof Outcome.Refused refused) {
            return "REFUSED: " + refused.refusal() + ", " + refused.message();
        } else if (outcome instanceof Outcome.Unknown unknown) {
            return "UNKNOWN: " + unknown.reason();
        }
        return "CANCELLED";
    }
}
