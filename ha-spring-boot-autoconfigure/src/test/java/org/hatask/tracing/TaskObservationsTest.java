package org.hatask.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.SenderContext;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.hatask.HaTask;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeState;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskObserver;
import org.hatask.execute.Tasks;
import org.hatask.execute.Trace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With handlers of an application, which are told of everything and may fail anywhere. */
class TaskObservationsTest {

    static class Desk {
        @HaTask
        public void price() {}
    }

    private static final TaskDefinition TASK = Tasks.of(Desk.class, "price");
    private static final Outcome DONE = new Outcome.Succeeded(null);
    private static final Node NODE =
            new Node("n1", "i1", URI.create("http://localhost:1"), NodeState.UP, true, true, 1, null, Instant.EPOCH);

    private final ObservationRegistry registry = ObservationRegistry.create();
    private final TaskObservations observations = new TaskObservations(() -> registry, () -> "n1");
    private final List<String> told = new ArrayList<>();
    private String failsAt = "";

    TaskObservationsTest() {
        registry.observationConfig().observationHandler(new ObservationHandler<>() {
            @Override
            public void onStart(Observation.Context context) {
                tell("start", context);
                if (context instanceof SenderContext<?> sender) {
                    send(sender);
                }
            }

            private <C> void send(SenderContext<C> sender) {
                sender.getSetter().set(sender.getCarrier(), "traceparent", "of " + sender.getName());
            }

            @Override
            public void onScopeOpened(Observation.Context context) {
                tell("open", context);
            }

            @Override
            public void onScopeClosed(Observation.Context context) {
                tell("close", context);
            }

            @Override
            public void onError(Observation.Context context) {
                tell("error", context);
            }

            @Override
            public void onStop(Observation.Context context) {
                tell("stop", context);
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });
    }

    private void tell(String what, Observation.Context context) {
        told.add(what + " " + context.getName());
        if (what.equals(failsAt)) {
            throw new IllegalStateException("from a handler");
        }
    }

    @AfterEach
    void nothingIsLeftOnTheThread() {
        assertThat(registry.getCurrentObservationScope()).isNull();
    }

    private static Attempt attempt(Trace trace) {
        return new Attempt(TASK, "t1", 1, 0, 0, "n1", trace);
    }

    private void callInPlace() {
        TaskObserver.Call call = observations.called(TASK, "t1");
        TaskObserver.Try tried = call.tried(NODE, attempt(Trace.NONE), true);
        TaskObserver.Run run = observations.begun(attempt(tried.trace()), TaskObserver.Origin.LOCAL);
        run.returned();
        run.ended(DONE, 1);
        tried.ended(DONE, 1);
        call.ended(TaskObserver.Ending.SUCCEEDED, null, 1);
    }

    @Test
    void aCallInPlaceRunsInTheScopeOfItsAttempt() {
        callInPlace();

        assertThat(told)
                .containsExactly(
                        "start ha.execution",
                        "open ha.execution",
                        "start ha.attempt",
                        "close ha.execution",
                        "open ha.attempt",
                        "close ha.attempt",
                        "stop ha.attempt",
                        "stop ha.execution");
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "open", "close", "stop"})
    void whereverAHandlerFailsTheCallGoesOnAndItsThreadIsClean(String where) {
        failsAt = where;

        callInPlace();

        assertThat(told).isNotEmpty();
    }

    @Test
    void whatGoesElsewhereTakesHeadersAlong() {
        TaskObserver.Try tried = observations.called(TASK, "t1").tried(NODE, attempt(Trace.NONE), false);

        assertThat(tried.trace().headers()).isEqualTo(Map.of("traceparent", "of ha.attempt"));
    }

    @Test
    void whatComesFromElsewhereIsObservedToItsEnd() {
        TaskObserver.Run run = observations.begun(attempt(Trace.of(Map.of("a", "b"))), TaskObserver.Origin.REMOTE);
        run.returned();
        run.ended(new Outcome.Unknown("interrupted", true), 1);

        assertThat(told).containsExactly("start ha.run", "open ha.run", "close ha.run", "error ha.run", "stop ha.run");
    }

    @Test
    void whereNobodyListensNothingIsMade() {
        TaskObservations unheard = new TaskObservations(ObservationRegistry::create, () -> "n1");

        assertThat(unheard.called(TASK, "t1")).isSameAs(TaskObserver.Call.NONE);
        assertThat(unheard.begun(attempt(Trace.NONE), TaskObserver.Origin.REMOTE))
                .isSameAs(TaskObserver.Run.NONE);
    }

    @Test
    void whatIsSwitchedOffIsNotMade() {
        registry.observationConfig().observationPredicate((name, context) -> !name.startsWith("ha."));

        callInPlace();

        assertThat(told).isEmpty();
    }
}
