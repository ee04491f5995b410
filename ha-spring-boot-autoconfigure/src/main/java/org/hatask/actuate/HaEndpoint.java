package org.hatask.actuate;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.hatask.cluster.Operations;
import org.hatask.cluster.OperatorAction;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * {@code /actuator/ha}: who leads and why, who takes part, what they do; and the commands of operators. Read-only unless
 * {@code management.endpoint.ha.access=unrestricted}.
 */
@Endpoint(id = "ha", defaultAccess = Access.READ_ONLY)
public class HaEndpoint {

    private final HaReporter reporter;
    private final Operations operations;
    private final DurableDesk durable;

    public HaEndpoint(HaReporter reporter, Operations operations, DurableDesk durable) {
        this.reporter = reporter;
        this.operations = operations;
        this.durable = durable;
    }

    /** Everything. */
    @ReadOperation
    public HaReport report() {
        return reporter.report();
    }

    /**
     * One section of it by name; null, which is answered with 404, for an unknown one or for what is not there. The other
     * parameters are for the section {@code durable}, which is no part of the whole, as it asks the store.
     *
     * @param task only durable tasks of this name
     * @param state only those in one of these states, divided by commas
     * @param after only those after this one: what the page before said as {@code next}
     * @param limit how many
     */
    @ReadOperation
    public @Nullable Object section(
            @Selector String section,
            // Spring Boot tells by its own annotation that a parameter may be left out.
            @org.springframework.lang.Nullable String task,
            @org.springframework.lang.Nullable String state,
            @org.springframework.lang.Nullable String after,
            @org.springframework.lang.Nullable Integer limit) {
        if (section.equals("durable")) {
            return durable.overview(task, state, after, limit);
        }
        HaReport report = reporter.report();
        return switch (section) {
            case "cluster", "topology" -> Map.of("cluster", report.cluster(), "topology", report.topology());
            case "status" -> report.status();
            case "architecture" -> report.architecture();
            case "node" -> report.node();
            case "master" -> report.master();
            case "members" -> Map.of("members", report.members(), "departed", report.departed());
            case "tasks" -> Map.of("tasks", report.tasks());
            case "failureDetection" -> report.failureDetection();
            case "coordination" -> report.coordination();
            case "standby" -> report.standby();
            case "history" -> Map.of("history", report.history(), "actions", report.actions());
            case "events" -> Map.of("events", report.events());
            default -> null;
        };
    }

    /**
     * A command of an operator; waits for its end, but not longer than a call waits for an election. Answered with 200 when it is done, 202 when it is under way, 409 when it was refused and
     * nothing has changed, 500 when it failed and was taken back, 400 when it cannot be understood.
     *
     * @param action {@code promote}, {@code demote}, {@code drain} or {@code resume}
     * @param node id of the node it speaks of
     * @param epoch the epoch the operator has seen; the command is refused in another one. Null for any
     * @param why his reason, for the history
     */
    @WriteOperation
    public WebEndpointResponse<Object> order(
            SecurityContext caller,
            // Spring Boot tells by its own annotation that a parameter may be left out.
            @org.springframework.lang.Nullable String action,
            @org.springframework.lang.Nullable String node,
            @org.springframework.lang.Nullable Long epoch,
            @org.springframework.lang.Nullable String why) {
        OperatorAction.Kind kind = kind(action);
        if (kind == null || node == null || node.isBlank()) {
            Map<String, String> problem = Map.of(
                    "message",
                    kind == null
                            ? "'action' must be one of " + kinds() + "."
                            : "'node' must be the id of the node to " + action + ".");
            return new WebEndpointResponse<>(problem, 400);
        }
        OperatorAction ended = operations
                .order(new Operations.Command(kind, node.strip(), epoch, nameOf(caller), why))
                .join();
        return new WebEndpointResponse<>(ended, status(ended));
    }

    private static OperatorAction.@Nullable Kind kind(@Nullable String action) {
        return Arrays.stream(OperatorAction.Kind.values())
                .filter(kind -> kind.name().equalsIgnoreCase(action))
                .findFirst()
                .orElse(null);
    }

    private static String kinds() {
        return Arrays.stream(OperatorAction.Kind.values())
                .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
    }

    private static int status(OperatorAction action) {
        return switch (action.result()) {
            case DONE -> 200;
            case UNDER_WAY -> 202;
            case REFUSED -> 409;
            case FAILED -> 500;
        };
    }

    /**
     * {@code explain/{task}}: why calls of the task, made on this node, go where they go. {@code durable/{id}}: a durable task
     * with its attempts.
     *
     * @param section {@code explain} or {@code durable}; null is the answer, and so 404, to any other and to what is unknown
     * @param subject name of the task, or id of the durable one
     * @param key asks for the calls with this key, where the strategy goes by one
     */
    @ReadOperation
    public @Nullable Object detail(
            @Selector String section,
            @Selector String subject,
            // The one by which Spring Boot tells that a parameter may be missing.
            @org.springframework.lang.Nullable String key) {
        return switch (section) {
            case "explain" -> reporter.explain(subject, key);
            case "durable" -> durable.detail(subject);
            default -> null;
        };
    }

    /**
     * {@code durable}: a command about durable tasks, see {@link DurableDesk#order}.
     *
     * @param action {@code cancel} or {@code retry} of a task or of all of a name, {@code pause} or {@code resume} of all of a name
     * @param id id of the task
     * @param task name of the tasks; without an id, {@code cancel} and {@code retry} are of all of them
     * @param state only those in one of these states, divided by commas
     */
    @WriteOperation
    public WebEndpointResponse<Object> order(
            SecurityContext caller,
            @Selector String section,
            @org.springframework.lang.Nullable String action,
            @org.springframework.lang.Nullable String id,
            @org.springframework.lang.Nullable String task,
            @org.springframework.lang.Nullable String state) {
        return section.equals("durable")
                ? durable.order(nameOf(caller), action, id, task, state)
                : new WebEndpointResponse<>(404);
    }

    private static String nameOf(SecurityContext caller) {
        return caller.getPrincipal() == null
                ? "anonymous"
                : caller.getPrincipal().getName();
    }
}
