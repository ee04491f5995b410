package org.hatask.sample.cluster;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Talks to nodes of the application that only notes its runs. Thread-safe. */
final class ProofClient {

    private static final ObjectMapper JSON =
            new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    /** What a test looks at of a task. */
    record Task(String id, String state, int attempts, String error) {

        boolean isOver() {
            return List.of("SUCCEEDED", "FAILED", "CANCELLED").contains(state);
        }
    }

    /** The node answered, and said that it did not do it. */
    static final class RefusedException extends Exception {

        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    /** @throws IOException when no answer came; whether it was submitted is unknown then */
    Task submit(NodeProcess node, String task, int number, int millis) throws IOException, RefusedException {
        return JSON.readValue(
                post(node.uri().resolve("/tasks/" + task + "/" + number + "?millis=" + millis), ""), Task.class);
    }

    Map<String, Task> find(NodeProcess node, List<String> ids) throws IOException, RefusedException {
        return JSON.readValue(
                post(node.uri().resolve("/found"), JSON.writeValueAsString(ids)),
                new TypeReference<Map<String, Task>>() {});
    }

    void retry(NodeProcess node, String id) throws IOException, RefusedException {
        post(node.uri().resolve("/retried/" + id), "");
    }

    private String post(URI uri, String body) throws IOException, RefusedException {
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(15))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new RefusedException(uri + " answered " + response.statusCode() + " " + response.body());
            }
            return response.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(uri.toString());
        }
    }
}
