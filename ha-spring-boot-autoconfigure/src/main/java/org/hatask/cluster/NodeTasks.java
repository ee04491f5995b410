package org.hatask.cluster;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of a node as they stand in its record: name and hash of the signature. The hash is {@link String#hashCode()}: the
 * JDK promises its value and keeps it with the string. Two signatures that happen to share it cost a refusal by the node
 * itself, which compares them whole.
 */
public final class NodeTasks {

    /**
     * Most bytes of names and hashes in a record, enough for some 500 tasks. Every node reads every record anew when it
     * changes, and ZooKeeper allows a megabyte; so a longer list is left out, and the node is asked instead.
     */
    public static final int MAX_BYTES = 16 * 1024;

    private static final int BYTES_BESIDE_NAME = 16;

    private NodeTasks() {}

    /**
     * @param signatures by name of the task
     * @return what goes into the record; null, which means not known, when that would be too long
     */
    public static @Nullable Map<String, Integer> of(Map<String, String> signatures) {
        Map<String, Integer> hashes = new TreeMap<>();
        signatures.forEach((name, signature) -> hashes.put(name, signature.hashCode()));
        return isShort(hashes.keySet()) ? Collections.unmodifiableMap(hashes) : null;
    }

    /** Whether tasks of these names fit into a record. */
    public static boolean isShort(Iterable<String> names) {
        long bytes = 0;
        for (String name : names) {
            bytes += name.getBytes(StandardCharsets.UTF_8).length + BYTES_BESIDE_NAME;
        }
        return bytes <= MAX_BYTES;
    }
}
