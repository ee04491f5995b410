package org.hatask.zookeeper;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeTasks;
import org.hatask.cluster.Orders;
import org.jspecify.annotations.Nullable;

/**
 * What stands in the znodes: JSON with ISO-8601 instants. Unknown fields are ignored, so that versions can be mixed; what
 * cannot be understood is empty, never an exception, since anybody may write anything there.
 */
final class Records {

    private static final ObjectMapper JSON = JsonMapper.builder()
            .addModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS, SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
            .build();

    private Records() {}

    /**
     * The content of {@code /lease}.
     *
     * @param nodeId who holds or last held the mastership
     * @param incarnation its incarnation
     * @param epoch its epoch
     * @param state whether it gave it up in order
     * @param cause why it gave it up, or null
     * @param candidate the node that entitles it, below {@code /election}, or null where there is none
     */
    record Lease(
            String nodeId,
            String incarnation,
            long epoch,
            LeaseState state,
            @Nullable String cause,
            @Nullable String candidate) {}

    enum LeaseState {
        HELD,
        RELEASED
    }

    /**
     * The content of {@code /epoch}; the epoch itself is the znode's version.
     *
     * @param epoch the same number for the human eye
     * @param nodeId whose epoch it is
     */
    record Epoch(long epoch, String nodeId) {}

    /**
     * The content of {@code /secret}.
     *
     * @param key the cluster's key
     * @param createdAt for display
     */
    record Secret(byte[] key, Instant createdAt) {}

    static byte[] write(Object value) {
        try {
            return JSON.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + value.getClass().getSimpleName() + " as JSON", e);
        }
    }

    @SuppressWarnings("ConstantValue") // Jackson fills absent components with null, whatever their annotation says.
    static Optional<Node> readNode(byte @Nullable [] json) {
        return read(json, new TypeReference<ObjectNode>() {})
                .map(Records::withoutOddTasks)
                .flatMap(record -> convert(record, Node.class))
                .filter(node -> node.id() != null
                        && node.incarnation() != null
                        && node.uri() != null
                        && node.state() != null
                        && node.startedAt() != null);
    }

    @SuppressWarnings("ConstantValue")
    static Optional<Master> readMaster(byte @Nullable [] json) {
        return read(json, new TypeReference<Master>() {})
                .filter(master -> master.nodeId() != null && master.incarnation() != null && master.epoch() > 0);
    }

    @SuppressWarnings("ConstantValue")
    static Optional<Lease> readLease(byte @Nullable [] json) {
        return read(json, new TypeReference<Lease>() {})
                .filter(lease -> lease.nodeId() != null && lease.incarnation() != null && lease.state() != null);
    }

    @SuppressWarnings("ConstantValue")
    static Optional<Secret> readSecret(byte @Nullable [] json) {
        return read(json, new TypeReference<Secret>() {}).filter(secret -> secret.key() != null);
    }

    /** Without a version, which is the znode's. Empty when it cannot be understood; nothing ordered where nothing stands. */
    @SuppressWarnings("ConstantValue")
    static Optional<Orders> readOrders(byte @Nullable [] json) {
        if (json == null || json.length == 0) {
            return Optional.of(Orders.NONE);
        }
        return read(json, new TypeReference<Orders>() {})
                .filter(orders -> orders.actions().stream()
                                .allMatch(action -> action.id() != null
                                        && action.kind() != null
                                        && action.node() != null
                                        && action.result() != null)
                        && (orders.appointment() == null || orders.appointment().by() != null)
                        && orders.drained().values().stream().allMatch(drain -> drain.by() != null));
    }

    /** Empty when it cannot be understood: a history is not worth failing for. */
    static List<MasterChange> readHistory(byte @Nullable [] json) {
        return read(json, new TypeReference<List<MasterChange>>() {}).orElse(List.of());
    }

    /** A list of tasks that cannot be understood, or is too long, is as good as none: the node can still be asked. */
    private static ObjectNode withoutOddTasks(ObjectNode node) {
        JsonNode tasks = node.path("tasks");
        boolean readable = tasks.isObject() && NodeTasks.isShort(tasks::fieldNames);
        for (JsonNode hash : tasks) {
            readable &= hash.isIntegralNumber() && hash.canConvertToInt();
        }
        if (!readable) {
            node.remove("tasks");
        }
        return node;
    }

    private static <T> Optional<T> convert(JsonNode json, Class<T> type) {
        try {
            return Optional.ofNullable(JSON.treeToValue(json, type));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static <T> Optional<T> read(byte @Nullable [] json, TypeReference<T> type) {
        if (json == null || json.length == 0) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(JSON.readValue(json, type));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }
}
