package org.hatask.autoconfigure;

import org.hatask.HaException;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Ends the start where nodes could not talk to each other: tasks would silently be plain methods on every node. */
@AutoConfiguration
@ConditionalOnProperty(prefix = "ha", name = "enabled", matchIfMissing = true)
@ConditionalOnMissingClass(HaLinkAutoConfiguration.WEB_SOCKET)
public class HaMissingWebSocketAutoConfiguration {

    HaMissingWebSocketAutoConfiguration() {
        throw new MissingWebSocketException();
    }

    /** There is no WebSocket implementation on the class path. */
    static final class MissingWebSocketException extends HaException {

        MissingWebSocketException() {
            super("HA Task is on the class path but no WebSocket implementation, over which nodes talk to each other");
        }
    }

    /** Says what to add. */
    static final class Analyzer extends AbstractFailureAnalyzer<MissingWebSocketException> {

        @Override
        protected FailureAnalysis analyze(Throwable rootFailure, MissingWebSocketException cause) {
            return new FailureAnalysis(
                    cause.getMessage() + ".",
                    "Add spring-boot-starter-web (or another servlet container with WebSocket support), or set"
                            + " ha.enabled=false to run tasks as plain methods.",
                    cause);
        }
    }
}
