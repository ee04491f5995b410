package org.hatask.campaign;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Arguments of the form {@code --name=value}. What is wrong with one is an {@link IllegalArgumentException} that says what to change. */
public final class Arguments {

    private final Map<String, String> given = new HashMap<>();

    public Arguments(String[] args, Set<String> names) {
        Arrays.stream(args).forEach(arg -> {
            String[] parts = arg.split("=", 2);
            require(
                    parts.length == 2 && parts[0].startsWith("--") && names.contains(parts[0].substring(2)),
                    "an argument",
                    arg,
                    "one of those below");
            given.put(parts[0].substring(2), parts[1]);
        });
    }

    public String text(String name, String otherwise) {
        return given.getOrDefault(name, otherwise);
    }

    public long number(String name, long otherwise) {
        String text = given.get(name);
        try {
            return text == null ? otherwise : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--" + name + " is '" + text + "' but must be a whole number.", e);
        }
    }

    public boolean flag(String name) {
        return Boolean.parseBoolean(given.get(name));
    }

    /** Of {@code --seconds} or {@code --minutes}. */
    public Duration length(int otherwiseMinutes) {
        return given.containsKey("seconds")
                ? Duration.ofSeconds(number("seconds", 0))
                : Duration.ofMinutes(number("minutes", otherwiseMinutes));
    }

    /** One of the constants of a type, written as a user writes it: {@code no-lease} for {@code NO_LEASE}. */
    public <E extends Enum<E>> E choice(String name, E otherwise) {
        String text = given.get(name);
        if (text == null) {
            return otherwise;
        }
        E[] all = otherwise.getDeclaringClass().getEnumConstants();
        return Arrays.stream(all)
                .filter(constant -> written(constant).equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("--" + name + " is '" + text + "' but must be one of "
                        + Arrays.stream(all).map(Arguments::written).collect(Collectors.joining(", ")) + "."));
    }

    /** How a user writes it. */
    public static String written(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    public long seed() {
        return number("seed", System.currentTimeMillis() % 1_000_000);
    }

    public static void require(boolean good, String what, Object value, String expected) {
        if (!good) {
            throw new IllegalArgumentException(what + " is '" + value + "' but must be " + expected + ".");
        }
    }
}
