package org.hatask.cluster;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Carries out what operators order, from any node. Thread-safe. */
public interface Operations {

    /**
     * Gives a command. The future completes, never exceptionally, when the command has been brought about, refused or has
     * failed; or with {@link OperatorAction.Result#UNDER_WAY} when that takes longer than a call waits for an election.
     */
    CompletableFuture<OperatorAction> order(Command command);

    /** This node has become master and takes tasks: what was under way to that end is done. Returns at once. */
    void masterTookUp(long epoch);

    /** This node handed its mastership over: what was under way to that end is done. Returns at once. */
    void masterLaidDown();

    /**
     * This node could not take up the mastership it was appointed to: takes the appointment back, so that who was appointed
     * before is so again. Returns at once.
     */
    void masterFailed(String reason);

    /**
     * @param kind what to do
     * @param node the node it speaks of
     * @param epoch the epoch that the operator has seen, so that a command on a stale view is refused; null for any
     * @param by who gives it
     * @param why his reason, or null
     */
    record Command(
            OperatorAction.Kind kind,
            String node,
            @Nullable Long epoch,
            String by,
            @Nullable String why) {}
}
