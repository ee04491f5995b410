package org.hatask.zookeeper;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.hatask.cluster.Master;
import org.hatask.cluster.MasterChange;
import org.hatask.cluster.Node;
import org.hatask.cluster.NodeTasks;
import org.hatask.cluster.OneLine;
import org.hatask.cluster.Orders;
import org.jspecify.annotations.Nullable;

/**
 * What stands in the znodes: JSON with ISO-8601 instants. Unknown fields are ignored, so that versions can be mixed; what
 * cannot be understood is empty, never an exception, since anybody may write anything there.
 */
final class Records {

    /** A longer record was written by nobody of ours. */
    static final int MAX_BYTES = 512 * 1024;

    private static final int MAX_DEPTH = 16;
    private static final int MAX_TEXT = 4096;

    /** Ids and incarnations. They go into paths, messages of the link and the log. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

    private static final Pattern CONTEXT_PATH = Pattern.compile("(/[A-Za-z0-9._~%-]*)*");

    private static final Instant END_OF_TIME = Instant.parse("9999-01-01T00:00:00Z");
    private static final Duration LONGEST_GAP = Duration.ofDays(36_500);

    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .build())
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

    // Jackson fills absent components with null, whatever their annotation says.

    @SuppressWarnings("ConstantValue")
    static Optional<Node> readNode(byte @Nullable [] json) {
        return tree(json)
                .filter(ObjectNode.class::isInstance)
                .map(record -> withoutOddTasks((ObjectNode) record))
                .flatMap(record -> convert(record, new TypeReference<Node>() {}))
                .filter(node -> isName(node.id())
                        && isName(node.incarnation())
                        && node.uri() != null
                        && isAddress(node.uri())
                        && node.state() != null
                        && node.weight() >= 1
                        && isMoment(node.startedAt()));
    }

    @SuppressWarnings("ConstantValue")
    static Optional<Master> readMaster(byte @Nullable [] json) {
        return read(json, new TypeReference<Master>() {})
                .filter(master -> isName(master.nodeId())
                        && isName(master.incarnation())
                        && master.epoch() > 0
                        && master.epoch() <= Integer.MAX_VALUE
                        && isMoment(master.since())
                        && master.cause() != null);
    }

    @SuppressWarnings("ConstantValue")
    static Optional<Lease> readLease(byte @Nullable [] json) {
        return read(json, new TypeReference<Lease>() {})
                .filter(lease -> isName(lease.nodeId()) && isName(lease.incarnation()) && lease.state() != null);
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
                                        && action.by() != null
                                        && isMoment(action.at())
                                        && action.result() != null)
                        && (orders.appointment() == null
                                || orders.appointment().by() != null
                                        && isMoment(orders.appointment().at()))
                        && orders.drained().values().stream()
                                .allMatch(drain -> drain.by() != null && isMoment(drain.at())));
    }

    /** What can be understood of it: a history is not worth failing for. */
    @SuppressWarnings("ConstantValue")
    static List<MasterChange> readHistory(byte @Nullable [] json) {
        return read(json, new TypeReference<List<@Nullable MasterChange>>() {}).orElse(List.of()).stream()
                .filter(Objects::nonNull)
                .filter(change -> isName(change.nodeId())
                        && isName(change.incarnation())
                        && isMoment(change.since())
                        && change.cause() != null
                        && (change.gap() == null || change.gap().abs().compareTo(LONGEST_GAP) < 0))
                .toList();
    }

    /** Whether it can be the id or the incarnation of a node. */
    static boolean isName(@Nullable String text) {
        return text != null && NAME.matcher(text).matches();
    }

    /** Whether one can reckon with it. */
    private static boolean isMoment(@Nullable Instant instant) {
        return instant != null && !instant.isBefore(Instant.EPOCH) && instant.isBefore(END_OF_TIME);
    }

    /** Where a node can listen. Nothing else may stand there: whoever could add a query could have any node ask for any page. */
    private static boolean isAddress(URI uri) {
        boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
        return web
                && uri.getHost() != null
                && uri.getPort() <= 65535
                && uri.getPort() != 0
                && uri.getRawUserInfo() == null
                && uri.getRawQuery() == null
                && uri.getRawFragment() == null
                && uri.toString().length() <= 512
                && CONTEXT_PATH.matcher(uri.getRawPath()).matches();
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

    private static <T> Optional<T> read(byte @Nullable [] json, TypeReference<T> type) {
        return tree(json).flatMap(record -> convert(record, type));
    }

    /** The record with nothing in its texts that could harm a log. */
    private static Optional<JsonNode> tree(byte @Nullable [] json) {
        if (json == null || json.length == 0 || json.length > MAX_BYTES) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(JSON.readTree(json)).map(Records::cleaned);
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static JsonNode cleaned(JsonNode node) {
        if (node.isTextual()) {
            return TextNode.valueOf(OneLine.of(node.textValue(), MAX_TEXT));
        } else if (node instanceof ArrayNode array) {
            ArrayNode clean = array.arrayNode(array.size());
            array.forEach(element -> clean.add(cleaned(element)));
            return clean;
        } else if (node instanceof ObjectNode object) {
            ObjectNode clean = object.objectNode();
            object.properties()
                    .forEach(field -> clean.set(OneLine.of(field.getKey(), MAX_TEXT), cleaned(field.getValue())));
            return clean;
        }
        return node;
    }

    private static <T> Optional<T> convert(JsonNode json, TypeReference<T> type) {
        try {
            return Optional.ofNullable(JSON.convertValue(json, type));
        } catch (RuntimeException e) {
            return Optional.empty();
        }
    }
}
