package org.hatask.durable.zookeeper;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.zookeeper.common.PathUtils;
import org.hatask.durable.TaskRecord;
import org.jspecify.annotations.Nullable;

/**
 * Where what is kept below the cluster's root:
 *
 * <ul>
 *   <li>{@code /tasks/<bucket>/<taskId>} the record
 *   <li>{@code /tasks/workers/<worker>} a registered worker; its content is the length of its lease in milliseconds
 *   <li>{@code /tasks/paused/<name>} a task that is not given out
 *   <li>{@code /tasks/clock} is written to learn the time
 *   <li>{@code /task-keys/<bucket>/<hash>} an idempotency key; its content is the id of the task. Nobody watches them, so they
 *       are kept apart.
 * </ul>
 */
final class Layout {

    static final int BUCKETS = 64;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}");
    private static final String WORKERS = "workers";
    private static final String PAUSED = "paused";
    private static final String CLOCK = "clock";
    private static final List<String> BUCKET_NAMES =
            IntStream.range(0, BUCKETS).mapToObj(Layout::bucket).toList();

    private final String root;

    Layout(String root) {
        this.root = root;
    }

    /** Everything about tasks that is watched is below this. */
    String tasks() {
        return root + "/tasks";
    }

    String keys() {
        return root + "/task-keys";
    }

    String workers() {
        return tasks() + "/" + WORKERS;
    }

    String worker(String worker) {
        return workers() + "/" + worker;
    }

    String paused() {
        return tasks() + "/" + PAUSED;
    }

    String clock() {
        return tasks() + "/" + CLOCK;
    }

    String bucketPath(String bucket) {
        return tasks() + "/" + bucket;
    }

    String task(String id) {
        return bucketPath(bucketOf(id)) + "/" + id;
    }

    /** Null when the task has no key. */
    @Nullable
    String key(TaskRecord task) {
        String key = task.key();
        return key == null ? null : key(task.task(), key);
    }

    String key(String task, String key) {
        String hash = sha256(task.length() + " " + task + " " + key);
        return keys() + "/" + bucketOf(hash) + "/" + hash;
    }

    String pausedTask(String name) {
        return paused() + "/" + encoded(name);
    }

    static List<String> buckets() {
        return BUCKET_NAMES;
    }

    static String bucketOf(String name) {
        return BUCKET_NAMES.get(Math.floorMod(name.hashCode(), BUCKETS));
    }

    /** Whether a task could have this id. */
    static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    /** Whether it can be the name of a node. */
    static boolean isName(String text) {
        try {
            PathUtils.validatePath("/" + text);
            return !text.isEmpty() && !text.contains("/");
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** What must exist before anything can be kept, parents first, without what is above the cluster's root. */
    List<String> all() {
        return Stream.of(
                        Stream.of(tasks(), keys(), workers(), paused(), clock()),
                        BUCKET_NAMES.stream().map(this::bucketPath),
                        BUCKET_NAMES.stream().map(bucket -> keys() + "/" + bucket))
                .flatMap(paths -> paths)
                .toList();
    }

    /** What is above the cluster's root, and that itself; parents first. */
    List<String> parents() {
        return IntStream.range(1, root.length() + 1)
                .filter(end -> end == root.length() || root.charAt(end) == '/')
                .mapToObj(end -> root.substring(0, end))
                .toList();
    }

    /** What a path below {@link #tasks} stands for. */
    Place place(String path) {
        String[] names =
                path.substring(Math.min(path.length(), tasks().length() + 1)).split("/");
        if (names.length == 1) {
            return new Place.Frame();
        }
        if (names.length > 2) {
            return new Place.Other();
        }
        return switch (names[0]) {
            case WORKERS -> new Place.Worker(names[1]);
            case PAUSED -> decoded(names[1]).<Place>map(Place.Paused::new).orElseGet(Place.Other::new);
            default -> bucketOf(names[1]).equals(names[0]) ? new Place.Task(names[1]) : new Place.Other();
        };
    }

    /** What a node is for. */
    sealed interface Place {
        /** A part of the layout itself. */
        record Frame() implements Place {}

        record Task(String id) implements Place {}

        record Worker(String worker) implements Place {}

        record Paused(String task) implements Place {}

        /** Nothing that we made. */
        record Other() implements Place {}
    }

    static Optional<String> decoded(String name) {
        try {
            return Optional.of(URLDecoder.decode(name, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static String encoded(String name) {
        String encoded = URLEncoder.encode(name, StandardCharsets.UTF_8);
        return encoded.chars().allMatch(c -> c == '.') ? encoded.replace(".", "%2E") : encoded;
    }

    private static String bucket(int number) {
        return String.format("%02x", number);
    }

    private static String sha256(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
