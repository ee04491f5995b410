package org.hatask.actuate;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/** {@code /actuator/ha}: who leads and why, who takes part, what they do. Read-only unless access is widened. */
@Endpoint(id = "ha", defaultAccess = Access.READ_ONLY)
public class HaEndpoint {

    private final HaReporter reporter;

    public HaEndpoint(HaReporter reporter) {
        this.reporter = reporter;
    }

    /** Everything. */
    @ReadOperation
    public HaReport report() {
        return reporter.report();
    }

    /** One section of it by name; null, which is answered with 404, for an unknown one or a master that is not there. */
    @ReadOperation
    public @Nullable Object section(@Selector String section) {
        HaReport report = reporter.report();
        return switch (section) {
            case "node" -> report.node();
            case "master" -> report.master();
            case "members" -> Map.of("members", report.members());
            case "tasks" -> Map.of("tasks", report.tasks());
            case "coordination" -> report.coordination();
            case "history" -> Map.of("history", report.history());
            default -> null;
        };
    }
}
