package org.hatask.autoconfigure;

import java.util.Base64;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Whether a configured key is one that nobody can guess. What random bytes as good as never look like is refused: text,
 * repetitions, sequences.
 */
final class SecretCheck {

    private static final int LEAST_BYTES = 32;

    /** 32 random bytes have about 30 different values. Hexadecimal digits, the poorest that is let through, have 16. */
    private static final int LEAST_VALUES = 9;

    private static final Pattern HEXADECIMAL = Pattern.compile("[0-9a-fA-F\\s]+");

    private SecretCheck() {}

    /** What is wrong with it, as the end of a sentence that does not show it; empty when it is fine. */
    static Optional<String> problem(String key) {
        if (key.isBlank()) {
            return Optional.of(
                    "is blank; leave it out for a key that the first node makes and shares through ZooKeeper");
        }
        byte[] bytes;
        try {
            bytes = bytes(key);
        } catch (IllegalArgumentException e) {
            return Optional.of("is not Base64");
        }
        if (bytes.length < LEAST_BYTES) {
            return Optional.of("has " + bytes.length + " bytes, which is too short");
        }
        if (values(bytes) < LEAST_VALUES || isSequence(bytes)) {
            return Optional.of("is a sample value or a pattern, which anybody can guess");
        }
        if (isPhrase(bytes) || isWords(key.strip())) {
            return Optional.of("is text rather than random bytes in Base64, which can be guessed");
        }
        return Optional.empty();
    }

    /**
     * @throws IllegalArgumentException when it is not Base64
     */
    static byte[] bytes(String key) {
        return Base64.getDecoder().decode(key.strip());
    }

    /** Letters of one case: Base64 by accident. Of random bytes, one key in a thousand million looks so. */
    private static boolean isWords(String key) {
        return (key.equals(key.toLowerCase(Locale.ROOT)) || key.equals(key.toUpperCase(Locale.ROOT)))
                && !HEXADECIMAL.matcher(key).matches();
    }

    private static int values(byte[] bytes) {
        Set<Byte> different = new HashSet<>();
        for (byte each : bytes) {
            different.add(each);
        }
        return different.size();
    }

    /** 0, 1, 2, 3, … and the like. */
    private static boolean isSequence(byte[] bytes) {
        byte step = (byte) (bytes[1] - bytes[0]);
        int breaks = 0;
        for (int i = 1; i < bytes.length; i++) {
            breaks += (byte) (bytes[i] - bytes[i - 1]) == step ? 0 : 1;
        }
        return breaks <= bytes.length / 8;
    }

    /** Printable, and not the hexadecimal digits that a tool for random numbers may have written; those are no sequence either. */
    private static boolean isPhrase(byte[] bytes) {
        StringBuilder text = new StringBuilder(bytes.length);
        for (byte each : bytes) {
            if (each < ' ' && !Character.isWhitespace(each)) {
                return false;
            }
            text.append((char) each);
        }
        return !HEXADECIMAL.matcher(text).matches() || text.toString().contains("0123456789");
    }
}
