package org.hatask.dispatch;

import java.time.Instant;
import java.util.List;
import org.hatask.Role;
import org.jspecify.annotations.Nullable;

/**
 * Why this node sends a task where it does; what {@code /actuator/ha/explain/{task}} shows. Names of components are the names
 * in its JSON.
 *
 * @param task name of the task
 * @param role which nodes may execute it
 * @param strategy how one of several is chosen: a name of {@code ha.dispatch.balance}, or the class of a strategy of the
 *     application's own
 * @param key the key asked for, or null
 * @param scoreMeaning what a score means, or null where there are none
 * @param nodes every member
 * @param retryBudget what this node may spend on re-execution, for all its tasks together
 * @param decisions the last choices that this node made for the task, the newest first
 */
public record Explanation(
        String task,
        Role role,
        String strategy,
        @Nullable String key,
        @Nullable String scoreMeaning,
        List<Member> nodes,
        Budget retryBudget,
        List<Decision> decisions) {

    /**
     * @param id its name
     * @param incarnation its incarnation
     * @param zone where it stands, or null
     * @param weight its share of the work
     * @param candidate whether a call made now could go there at once
     * @param score by the strategy, or null
     * @param excluded why it is no candidate, or null when it is one
     */
    public record Member(
            String id,
            String incarnation,
            @Nullable String zone,
            int weight,
            boolean candidate,
            @Nullable Double score,
            @Nullable String excluded) {}

    /**
     * @param budget in words
     * @param available attempts it would pay for now
     * @param denied attempts that were not made for want of budget since the start
     */
    public record Budget(String budget, double available, long denied) {}

    /**
     * @param at when
     * @param taskId id of the call
     * @param attempt number of its attempt
     * @param node the node chosen
     * @param candidates from among how many
     * @param reason what decided
     * @param outcome what became of the attempt, or null while it is under way
     */
    public record Decision(
            Instant at,
            String taskId,
            int attempt,
            String node,
            int candidates,
            String reason,
            @Nullable String outcome) {}
}
