package org.hatask.benchmarks;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Those of the form {@code --name=value}. What is wrong with one is an {@link IllegalArgumentException} that says so. */
public final class Arguments {

    private final Map<String, String> given = new LinkedHashMap<>();

    public Arguments(String... args) {
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            if (parts.length != 2 || !parts[0].startsWith("--")) {
                throw new IllegalArgumentException("'" + arg + "' is not of the form --name=value.");
            }
            given.put(parts[0].substring(2), parts[1]);
        }
    }

    public String text(String name, String otherwise) {
        String text = given.remove(name);
        return text == null ? otherwise : text;
    }

    public int number(String name, int otherwise, int atLeast) {
        String text = text(name, "" + otherwise);
        try {
            int number = Integer.parseInt(text);
            if (number >= atLeast) {
                return number;
            }
        } catch (NumberFormatException e) {
            // As one that is too small.
        }
        throw new IllegalArgumentException(
                "--" + name + " is '" + text + "' but must be a number from " + atLeast + ".");
    }

    /** What is separated by blanks. */
    public static List<String> words(String text) {
        return Arrays.stream(text.split(" ")).filter(word -> !word.isEmpty()).toList();
    }

    /** To be called when all have been asked for. */
    public void nothingElse() {
        if (!given.isEmpty()) {
            throw new IllegalArgumentException("There is no option " + String.join(", ", given.keySet()) + " here.");
        }
    }
}
