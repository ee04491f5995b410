package org.hatask.campaign.check;

import java.util.List;

/**
 * One line of a process.
 *
 * @param nanos monotonic time, comparable within one machine
 * @param kind what happened
 * @param fields what the kind makes of them
 */
public record Event(long nanos, String kind, List<String> fields) {

    /** @throws IllegalArgumentException when it is no line of an event */
    public static Event parse(String line) {
        List<String> words = List.of(line.split(" "));
        if (words.size() < 2) {
            throw new IllegalArgumentException("not an event: " + line);
        }
        return new Event(Long.parseLong(words.get(0)), words.get(1), words.subList(2, words.size()));
    }

    String id() {
        return fields.get(0);
    }

    /** Of {@code begin}, {@code checked}, {@code busy}, {@code written} and {@code end}. */
    long epoch() {
        return Long.parseLong(fields.get(1));
    }

    boolean is(String other) {
        return kind.equals(other);
    }
}
