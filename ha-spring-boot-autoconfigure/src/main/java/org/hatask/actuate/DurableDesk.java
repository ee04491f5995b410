package org.hatask.actuate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.hatask.TaskState;
import org.hatask.TaskStoreException;
import org.hatask.durable.StoreUnavailableException;
import org.hatask.durable.TaskAttempt;
import org.hatask.durable.TaskCounts;
import org.hatask.durable.TaskManager;
import org.hatask.durable.TaskQuery;
import org.hatask.durable.TaskRecord;
import org.hatask.durable.UnrunnableTasks;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/** Shows durable tasks to operators and does what they order. Arguments and results of tasks are not shown. */
public final class DurableDesk {

    private static final Logger log = LoggerFactory.getLogger(DurableDesk.class);
    private static final int PAGE = 50;

    /** Most tasks that one order changes. */
    private static final int MOST_CHANGED = 1000;

    private static final Set<TaskState> RETRIABLE = EnumSet.of(TaskState.FAILED, TaskState.PARKED);
    private static final Set<TaskState> CANCELLABLE = EnumSet.copyOf(
            Stream.of(TaskState.values()).filter(state -> !state.isFinal()).toList());

    private final TaskManager manager;

    public DurableDesk(TaskManager manager) {
        this.manager = manager;
    }

    /**
     * How it stands, and a page of tasks, the last submitted first.
     *
     * @param counts tasks by state
     * @param oldestDue for how long the task has been due that waits longest; null when none waits
     * @param paused names of tasks that are not given out
     * @param unrunnable tasks that wait and that no member of the cluster can execute
     * @param unreadable records that were set aside
     * @param superseded results of this node that came when the task was in other hands, and were dropped
     * @param tasks the page
     * @param next what to give as {@code after} for the next page; null on the last one
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Overview(
            Map<TaskState, Long> counts,
            @Nullable Duration oldestDue,
            Set<String> paused,
            List<UnrunnableTasks> unrunnable,
            long unreadable,
            long superseded,
            List<Entry> tasks,
            @Nullable String next) {}

    /** One task, without what it works on. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Entry(
            String id,
            String task,
            TaskState state,
            Instant submittedAt,
            String submittedBy,
            @Nullable String key,
            Instant dueAt,
            @Nullable Instant expiresAt,
            @Nullable Instant endedAt,
            @Nullable String node,
            int attempts,
            int maxAttempts,
            @Nullable String progress,
            @Nullable String error) {}

    /** One task with its attempts. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Detail(
            Entry task,
            String signature,
            int nodeDeaths,
            boolean cancelRequested,
            boolean hasCheckpoint,
            List<TaskAttempt> history) {}

    /**
     * What an order came to.
     *
     * @param message in words
     * @param task the task that was changed; null where it was not about one
     * @param changed how many tasks were changed; null where it was not about all of a name
     * @param more whether there may be others, so that it should be given again; null where {@code changed} is
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Answer(
            String message,
            @Nullable Entry task,
            @Nullable Integer changed,
            @Nullable Boolean more) {

        Answer(String message, @Nullable Entry task) {
            this(message, task, null, null);
        }
    }

    /**
     * @param state names of states, divided by commas; null for all
     * @param limit null for {@value #PAGE}
     */
    @Nullable
    Object overview(@Nullable String task, @Nullable String state, @Nullable String after, @Nullable Integer limit) {
        if (!manager.isRunning()) {
            return answer(404, manager.absence());
        }
        TaskQuery query;
        try {
            TaskQuery.Position position =
                    after == null || after.isBlank() ? null : TaskQuery.Position.parse(after.strip());
            query = new TaskQuery(task, states(state), position, limit == null ? PAGE : limit);
        } catch (IllegalArgumentException e) {
            return answer(400, String.valueOf(e.getMessage()));
        }
        return whenTheStoreAnswers(() -> {
            List<TaskRecord> page = manager.list(query);
            TaskCounts counts = manager.counts();
            return new Overview(
                    counts.byState(),
                    counts.oldestDue(),
                    manager.paused(),
                    manager.unrunnable(),
                    counts.unreadable(),
                    manager.superseded(),
                    page.stream().map(DurableDesk::entry).toList(),
                    page.size() < query.atMost()
                            ? null
                            : TaskQuery.Position.of(page.get(page.size() - 1)).toString());
        });
    }

    private static Set<TaskState> states(@Nullable String names) {
        Set<TaskState> states = EnumSet.noneOf(TaskState.class);
        if (names != null && !names.isBlank()) {
            for (String name : names.split(",")) {
                states.add(Arrays.stream(TaskState.values())
                        .filter(state -> state.name().equalsIgnoreCase(name.strip()))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException(
                                "'state' must be one or more of " + Arrays.toString(TaskState.values()) + ".")));
            }
        }
        return states;
    }

    /** @return null when there is no such task */
    @Nullable
    Object detail(String id) {
        return manager.isRunning()
                ? whenTheStoreAnswers(
                        () -> manager.find(id).map(DurableDesk::detail).orElse(null))
                : answer(404, manager.absence());
    }

    /**
     * Carries out an order: answered with 200 when it is done, 400 when it cannot be understood, 404 when there is no such task or name,
     * 409 when the task's state does not allow it, and 503 when the store does not answer.
     */
    WebEndpointResponse<Object> order(
            String by, @Nullable String action, @Nullable String id, @Nullable String task, @Nullable String state) {
        if (!manager.isRunning()) {
            return answer(404, manager.absence());
        }
        String what = action == null ? "" : action.toLowerCase(Locale.ROOT);
        return switch (what) {
            case "cancel", "retry" -> change(by, what, id, task, state);
            case "pause", "resume" ->
                task == null || task.isBlank()
                        ? answer(400, "'task' must be the name of the task to " + what + ".")
                        : response(whenTheStoreAnswers(() -> hold(by, what, task.strip())));
            default -> answer(400, "'action' must be one of cancel, retry, pause, resume.");
        };
    }

    private WebEndpointResponse<Object> change(
            String by, String what, @Nullable String id, @Nullable String task, @Nullable String state) {
        if (id != null && task == null && state == null && !id.isBlank()) {
            return response(whenTheStoreAnswers(() -> change(by, what, id.strip())));
        }
        // An id that is there and empty is a mistake, and must not hit all tasks of the name.
        if (id != null || task == null || task.isBlank()) {
            return answer(
                    400,
                    "Give either 'id', the id of the task to " + what + ", or 'task', to " + what
                            + " all of this name, with 'state' only those in one of these states.");
        }
        Set<TaskState> allowed = what.equals("cancel") ? CANCELLABLE : RETRIABLE;
        Set<TaskState> states;
        try {
            states = states(state);
        } catch (IllegalArgumentException e) {
            return answer(400, String.valueOf(e.getMessage()));
        }
        if (!allowed.containsAll(states)) {
            return answer(400, "'state' must be one or more of " + allowed + " to " + what + ".");
        }
        return response(
                whenTheStoreAnswers(() -> changeAll(by, what, task.strip(), states.isEmpty() ? allowed : states)));
    }

    private Object changeAll(String by, String what, String task, Set<TaskState> states) {
        TaskManager.Changed result = what.equals("cancel")
                ? manager.cancelAll(task, states, MOST_CHANGED)
                : manager.retryAll(task, states, MOST_CHANGED);
        log.info("{} durable tasks '{}' that were {}: {} by order of {}", result.changed(), task, states, what, by);
        return new Answer(
                (what.equals("cancel") ? "Cancelled, or told to stop: " : "To begin anew: ") + result.changed() + "."
                        + (result.more() ? " There may be more: give the order again." : ""),
                null,
                result.changed(),
                result.more());
    }

    private Object change(String by, String what, String id) {
        Optional<TaskRecord> before = manager.find(id);
        if (before.isEmpty()) {
            return answer(404, "There is no task with this id.");
        }
        Optional<TaskRecord> changed = what.equals("cancel") ? manager.cancel(id) : manager.retry(id);
        if (changed.isEmpty()) {
            return answer(
                    409,
                    "The task is "
                            + manager.find(id).orElse(before.get()).state() + ": "
                            + (what.equals("cancel")
                                    ? "what is over cannot be cancelled."
                                    : "only what is FAILED or PARKED can be retried."));
        }
        TaskRecord now = changed.get();
        log.info("Durable task {}: {} by order of {}", now, what, by);
        return new Answer(
                now.cancelRequested()
                        ? "Its attempt on node " + now.view().node() + " is told to stop."
                        : "It is " + now.state() + ".",
                entry(now));
    }

    private Object hold(String by, String what, String task) {
        if (what.equals("pause")) {
            if (!manager.isKnown(task)) {
                return answer(
                        404,
                        "No node has a task '" + task + "', and none of this name waits. Durable tasks are "
                                + String.join(", ", manager.names()) + ".");
            }
            manager.pause(task);
        } else {
            manager.resume(task);
        }
        log.info("Durable task '{}': {} by order of {}", task, what, by);
        return new Answer("Paused now: " + manager.paused() + ".", null);
    }

    private static Entry entry(TaskRecord task) {
        return new Entry(
                task.id(),
                task.task(),
                task.state(),
                task.submittedAt(),
                task.submittedBy(),
                task.key(),
                task.dueAt(),
                task.expiresAt(),
                task.endedAt(),
                task.view().node(),
                task.attempt(),
                task.maxAttempts(),
                task.progress(),
                task.failure() == null ? null : task.failure().message());
    }

    private static Detail detail(TaskRecord task) {
        return new Detail(
                entry(task),
                task.signature(),
                task.nodeDeaths(),
                task.cancelRequested(),
                task.checkpoint() != null,
                task.attempts());
    }

    private static @Nullable Object whenTheStoreAnswers(Supplier<? extends @Nullable Object> question) {
        try {
            return question.get();
        } catch (StoreUnavailableException e) {
            return answer(503, String.valueOf(e.getMessage()));
        } catch (TaskStoreException e) {
            return answer(500, String.valueOf(e.getMessage()));
        }
    }

    @SuppressWarnings("unchecked")
    private static WebEndpointResponse<Object> response(@Nullable Object answer) {
        return answer instanceof WebEndpointResponse<?> response
                ? (WebEndpointResponse<Object>) response
                : new WebEndpointResponse<>(answer, 200);
    }

    private static WebEndpointResponse<Object> answer(int status, String message) {
        return new WebEndpointResponse<>(new Answer(message, null), status);
    }
}
