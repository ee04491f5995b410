package org.hatask.failure;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.hatask.cluster.Node;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * What the dispatch asks before an attempt and tells of it afterwards. Thread-safe, never blocks, quick: it is on the way of
 * every call, local ones included.
 */
public interface Fitness {

    /**
     * Those of the nodes that may get work now; may be none. The list itself when it is all of them. A node whose share grows
     * is among them as often as is its share, so whoever asks uses that up: {@link #couldBeFit} does not.
     */
    List<Node> fit(List<Node> nodes);

    /** Those of the nodes that get work now or, with a growing share, now and then. To ask changes nothing. */
    List<Node> couldBeFit(List<Node> nodes);

    /** Where to turn when none is fit: some of the nodes, and all of them rather than none. */
    List<Node> lastResort(List<Node> nodes);

    /** What is thought of the node, and why. */
    Condition condition(Node node);

    /**
     * An attempt is about to be made on a node that was chosen.
     *
     * @param anyway whether there is no other choice
     * @param now by the monotonic clock of the attempts' deadlines, in nanoseconds
     * @return null when the node gets no work just now after all; never null with {@code anyway}
     */
    @Nullable
    Trial begin(Node node, Attempt attempt, boolean anyway, long now);

    /** An attempt under way. Ends once, by {@link #ended} or {@link #abandoned}; whatever comes afterwards means nothing. */
    interface Trial {

        /**
         * It was sent; or, when the connection broke, its node is asked what became of it.
         *
         * @param outcome completes with what becomes of it; is completed from here when the node is given up
         */
        void sent(CompletableFuture<Outcome> outcome);

        /**
         * It became this.
         *
         * @param now as at its beginning
         */
        void ended(Outcome outcome, long now);

        /** It came to nothing, and that tells nothing of the node. */
        void abandoned();
    }
}
