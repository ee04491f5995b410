package org.hatask.tracing;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.ReceiverContext;
import io.micrometer.observation.transport.SenderContext;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.hatask.HaException;
import org.hatask.cluster.Node;
import org.hatask.execute.Attempt;
import org.hatask.execute.Outcome;
import org.hatask.execute.TaskDefinition;
import org.hatask.execute.TaskObserver;
import org.hatask.execute.Trace;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes an observation of every call, below it one of every attempt, and below that, on the node that executes it for another
 * one, one of its run. Of an attempt in place there is no third one: the method runs in the scope of the attempt itself. What
 * belongs together is told by Micrometer's propagation, for which the link carries headers.
 *
 * <p>Handlers are the application's; what one throws costs the observation, never the call. Thread-safe.
 */
public final class TaskObservations implements TaskObserver {

    public static final String EXECUTION = "ha.execution";
    public static final String ATTEMPT = "ha.attempt";
    public static final String RUN = "ha.run";

    private static final Logger log = LoggerFactory.getLogger(TaskObservations.class);

    private final Supplier<ObservationRegistry> registry;
    private final Supplier<String> self;
    private volatile boolean troubled;

    /**
     * @param registry asked at the first call, and not before: a registry may be customised by beans that need the engine, of
     *     which this is a part
     * @param self id of this node
     */
    public TaskObservations(Supplier<ObservationRegistry> registry, Supplier<String> self) {
        this.registry = registry;
        this.self = self;
    }

    /** Whether meters of this name would be made of observations, and so measure what the meters of tasks do already. */
    public static boolean isMeterOfObservation(String name) {
        String observation = name.endsWith(".active") ? name.substring(0, name.length() - ".active".length()) : name;
        return observation.equals(EXECUTION) || observation.equals(ATTEMPT) || observation.equals(RUN);
    }

    @Override
    public Call called(TaskDefinition task, String taskId) {
        Observation execution = start(EXECUTION, Observation.Context::new, made -> describe(made, task, taskId, ""));
        return execution.isNoop() ? Call.NONE : new ObservedCall(execution);
    }

    @Override
    public Run begun(Attempt attempt, Origin origin) {
        if (attempt.trace() instanceof ObservedTry here) {
            return enter(here.observation, false);
        }
        if (origin == Origin.LOCAL) {
            return Run.NONE;
        }
        Supplier<Observation.Context> context =
                origin == Origin.REMOTE ? () -> received(attempt.trace()) : Observation.Context::new;
        return enter(start(RUN, context, made -> describeRun(made, attempt, origin)), true);
    }

    /** @param ends whether the observation ends with the run */
    private Run enter(Observation observation, boolean ends) {
        return observation.isNoop() ? Run.NONE : new ObservedRun(observation, ends);
    }

    /** A method that runs in the scope of an observation, which is open from the start on. */
    private final class ObservedRun implements Run {

        private final Observation observation;
        private final boolean ends;
        private final Observation.@Nullable Scope outer = registry.get().getCurrentObservationScope();
        private Observation.@Nullable Scope scope;

        ObservedRun(Observation observation, boolean ends) {
            this.observation = observation;
            this.ends = ends;
            guarded(() -> scope = observation.openScope());
            if (scope == null) {
                leave();
            }
        }

        @Override
        public void returned() {
            if (scope != null) {
                guarded(scope::close);
                leave();
            }
        }

        /** Whatever handlers have done: the thread has other work afterwards. */
        private void leave() {
            registry.get().setCurrentObservationScope(outer);
        }

        @Override
        public void ended(Outcome outcome, long tookNanos) {
            if (ends) {
                stop(observation, outcome);
            }
        }
    }

    private final class ObservedCall implements Call {

        private final Observation execution;

        ObservedCall(Observation execution) {
            this.execution = execution;
        }

        @Override
        public Try tried(Node node, Attempt attempt, boolean here) {
            Map<String, String> headers = here ? Map.of() : new LinkedHashMap<>();
            Supplier<Observation.Context> context = here ? Observation.Context::new : () -> sent(headers);
            Observation observation =
                    startBelow(execution, ATTEMPT, context, made -> describeAttempt(made, attempt, node, here));
            return observation.isNoop() ? Try.NONE : new ObservedTry(observation, headers);
        }

        @Override
        public void ended(Ending ending, @Nullable Throwable error, long tookNanos) {
            stop(execution, ending, error);
        }
    }

    /** An attempt of this node, which may be executed here: then its observation is found by it. */
    private final class ObservedTry implements Try, Trace {

        private final Observation observation;
        private final Map<String, String> headers;

        ObservedTry(Observation observation, Map<String, String> headers) {
            this.observation = observation;
            this.headers = headers;
        }

        @Override
        public Trace trace() {
            return this;
        }

        @Override
        public Map<String, String> headers() {
            return headers;
        }

        @Override
        public void ended(Outcome outcome, long tookNanos) {
            stop(observation, outcome);
        }
    }

    private static SenderContext<Map<String, String>> sent(Map<String, String> headers) {
        SenderContext<Map<String, String>> context =
                new SenderContext<>((carrier, name, value) -> headers.put(name, value), Kind.CLIENT);
        context.setCarrier(headers);
        return context;
    }

    private static ReceiverContext<Map<String, String>> received(Trace trace) {
        ReceiverContext<Map<String, String>> context =
                new ReceiverContext<>((carrier, name) -> carrier.get(name), Kind.SERVER);
        context.setCarrier(trace.headers());
        return context;
    }

    private static void describe(Observation observation, TaskDefinition task, String taskId, String what) {
        observation
                .contextualName(task.name() + what)
                .lowCardinalityKeyValue("ha.task.name", task.name())
                .lowCardinalityKeyValue("ha.task.role", lower(task.role()))
                .highCardinalityKeyValue("ha.task.id", taskId);
    }

    private static void describe(Observation observation, Attempt attempt, String what) {
        describe(observation, attempt.task(), attempt.taskId(), what);
        observation.highCardinalityKeyValue("ha.task.attempt", Integer.toString(attempt.number()));
        if (attempt.epoch() != 0) {
            observation.highCardinalityKeyValue("ha.epoch", Long.toString(attempt.epoch()));
        }
    }

    private static void describeAttempt(Observation observation, Attempt attempt, Node node, boolean here) {
        describe(observation, attempt, " attempt");
        observation
                .lowCardinalityKeyValue("ha.where", here ? "local" : "remote")
                .highCardinalityKeyValue("ha.node", node.id());
    }

    private void describeRun(Observation observation, Attempt attempt, Origin origin) {
        describe(observation, attempt, " run");
        observation
                .lowCardinalityKeyValue("ha.origin", lower(origin))
                .highCardinalityKeyValue("ha.node", self.get())
                .highCardinalityKeyValue("ha.caller", attempt.callerNode());
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    // --- what handlers of the application may break

    private Observation start(String name, Supplier<Observation.Context> context, Consumer<Observation> description) {
        Observation[] started = {Observation.NOOP};
        guarded(() -> {
            Observation made = Observation.createNotStarted(name, context, registry.get());
            if (!made.isNoop()) {
                description.accept(made);
                started[0] = made.start();
            }
        });
        return started[0];
    }

    /** In the parent's scope: to tracers the span of the thread is the parent, whatever the observation says. */
    private Observation startBelow(
            Observation parent, String name, Supplier<Observation.Context> context, Consumer<Observation> description) {
        Observation[] started = {Observation.NOOP};
        Observation.Scope outer = registry.get().getCurrentObservationScope();
        guarded(() -> {
            try (Observation.Scope scope = parent.openScope()) {
                started[0] = start(name, context, description);
            }
        });
        registry.get().setCurrentObservationScope(outer);
        return started[0];
    }

    private void stop(Observation observation, Outcome outcome) {
        Throwable error = null;
        if (outcome instanceof Outcome.Failed failed) {
            error = failed.error();
        } else if (outcome instanceof Outcome.Unknown unknown) {
            error = new HaException(unknown.reason());
        }
        stop(observation, outcome.kind(), error);
    }

    private void stop(Observation observation, Enum<?> outcome, @Nullable Throwable error) {
        guarded(() -> {
            observation.lowCardinalityKeyValue("ha.outcome", lower(outcome));
            if (error != null) {
                observation.error(error);
            }
            observation.stop();
        });
    }

    private void guarded(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            if (!troubled) {
                troubled = true;
                log.warn("A handler of observations failed. Tasks go on without; further failures are not told", e);
            }
        }
    }
}
