package org.hatask.sample.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.hatask.sample.booking.TradeOrder;

/** Talks to the nodes as any HTTP client would. Thread-safe. */
final class DeskClient {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Duration patience;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    /** @param patience how long a call may take, until it counts as if the connection had failed */
    DeskClient(Duration patience) {
        this.patience = patience;
    }

    /** What came back: a status and JSON, of a problem where the status is not 200. */
    record Answer(int status, JsonNode body) {

        boolean isOk() {
            return status == 200;
        }
    }

    /** @throws IOException when no answer came */
    Answer price(URI node, String contract) throws IOException {
        return send(request(node, "/price/" + contract, patience).GET().build());
    }

    /** @throws IOException when no answer came; whether it was booked is unknown then */
    Answer book(URI node, TradeOrder order) throws IOException {
        String json = JSON.writeValueAsString(order);
        return send(request(node, "/trades", patience)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build());
    }

    /** @throws IOException when no answer came */
    Answer report(URI node) throws IOException {
        return send(request(node, "/report", patience).GET().build());
    }

    /**
     * A command of an operator, such as promote.
     *
     * @throws IOException when no answer came
     */
    Answer order(URI node, String action, String subject) throws IOException {
        String json = JSON.writeValueAsString(Map.of("action", action, "node", subject));
        return send(request(node, "/actuator/ha", patience)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build());
    }

    /** What the node says of the cluster; empty when it says nothing. */
    Optional<JsonNode> ha(URI node) {
        return look(node, "/actuator/ha").filter(Answer::isOk).map(Answer::body);
    }

    /**
     * Makes the node sick, where it was started with {@code desk.faults=true}.
     *
     * @param fault {@code delay?time=2s}, {@code failure} or {@code hang}
     */
    void makeSick(URI node, String fault) throws IOException {
        require(send(request(node, "/faults/price/" + fault, patience)
                .POST(HttpRequest.BodyPublishers.noBody())
                .build()));
    }

    void heal(URI node) throws IOException {
        require(send(request(node, "/faults/price", patience).DELETE().build()));
    }

    private static void require(Answer answer) throws IOException {
        if (answer.status() != 204) {
            throw new IOException("answered " + answer.status() + " " + answer.body());
        }
    }

    boolean isHealthy(URI node) {
        return look(node, "/actuator/health").filter(Answer::isOk).isPresent();
    }

    private Optional<Answer> look(URI node, String path) {
        try {
            return Optional.of(
                    send(request(node, path, Duration.ofSeconds(2)).GET().build()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static HttpRequest.Builder request(URI node, String path, Duration timeout) {
        return HttpRequest.newBuilder(node.resolve(path)).timeout(timeout);
    }

    private Answer send(HttpRequest request) throws IOException {
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), json(response.body()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(request.uri().toString());
        }
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return JsonNodeFactory.instance.textNode(text);
        }
    }
}
