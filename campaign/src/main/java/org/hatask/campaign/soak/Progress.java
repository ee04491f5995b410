package org.hatask.campaign.soak;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;

/** Whether the nodes still come and go and call: without that, everything is flat. */
final class Progress {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Series restarts = new Series("all", "restarts", Series.Kind.COUNT);
    private final Series calls = new Series("steady", "calls", Series.Kind.COUNT);
    private final Series epochs = new Series("all", "epochs", Series.Kind.COUNT);
    private long kills;
    private long failures;

    /** @param reports of the steady nodes */
    void add(long restartsSoFar, long killsSoFar, List<String> reports) {
        restarts.add(restartsSoFar);
        kills = killsSoFar;
        long made = 0;
        long failed = 0;
        long epoch = 0;
        for (String report : reports) {
            JsonNode root = parsed(report);
            for (JsonNode task : root.path("tasks")) {
                made += task.path("calls").asLong();
                failed += task.path("failures").asLong();
            }
            epoch = Math.max(epoch, root.path("master").path("epoch").asLong());
        }
        calls.add(made);
        failures = failed;
        epochs.add(epoch);
    }

    private static JsonNode parsed(String report) {
        try {
            return JSON.readTree(report);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a node reports what is no JSON", e);
        }
    }

    long restarts() {
        return restarts.last();
    }

    long kills() {
        return kills;
    }

    long calls() {
        return calls.last();
    }

    long failures() {
        return failures;
    }

    long epoch() {
        return epochs.last();
    }

    /** Between the middle of the second quarter and that of the last: what a trend had the time to grow with. */
    long restartsJudged() {
        int size = restarts.values().size();
        return restarts.values().get(size - 1 - size / 8) - restarts.values().get(size * 3 / 8);
    }

    /** Whether nodes came and went, and calls were made, to the end. */
    boolean wentOn() {
        return grewInLastQuarter(restarts) && grewInLastQuarter(calls);
    }

    private static boolean grewInLastQuarter(Series series) {
        List<Long> values = series.values();
        return series.last() > values.get(values.size() - 1 - values.size() / 4);
    }
}
