package org.hatask.standby;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How far the beans of the primary are started on this node; for operators. Immutable.
 *
 * @param state what they are or become
 * @param since when that state began, by this node's clock
 * @param started marked beans that are made and, where they have a life cycle, started
 * @param total marked beans that a promotion starts; lazy ones do not count
 * @param bean the bean that is being made, started or stopped, or null
 * @param problem why the last promotion failed, or null when none did since the last successful one
 */
public record StandbyStatus(
        State state,
        Instant since,
        int started,
        int total,
        @Nullable String bean,
        @Nullable String problem) {

    /** What the beans of the primary are on this node. */
    public enum State {
        /** Not there. */
        STANDBY,
        /** Being made and started: a promotion is under way. */
        STARTING,
        /** There: this node is primary. */
        ACTIVE,
        /** Being stopped and destroyed. */
        STOPPING,
        /** Not there: the last promotion failed, and everything was stopped again. */
        FAILED
    }

    StandbyStatus in(State next, Instant now) {
        return new StandbyStatus(next, now, started, total, null, problem);
    }

    StandbyStatus at(int nowStarted, @Nullable String nowBean) {
        return new StandbyStatus(state, since, nowStarted, total, nowBean, problem);
    }

    StandbyStatus withProblem(@Nullable String newProblem) {
        return new StandbyStatus(state, since, started, total, bean, newProblem);
    }
}
