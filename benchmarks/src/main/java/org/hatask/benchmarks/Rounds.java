package org.hatask.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/** What several rounds measured: figures by subject and column, one for each round. */
public final class Rounds {

    private final Map<String, Map<String, List<Double>>> figures = new LinkedHashMap<>();

    public void add(String subject, String column, double figure) {
        figures.computeIfAbsent(subject, name -> new LinkedHashMap<>())
                .computeIfAbsent(column, name -> new ArrayList<>())
                .add(figure);
    }

    public List<String> subjects() {
        return List.copyOf(figures.keySet());
    }

    /** Empty when it was not measured. */
    public OptionalDouble median(String subject, String column) {
        return median(of(subject, column));
    }

    /** The median of the ratios within each round, as what disturbs a round disturbs both; empty when there is none. */
    public OptionalDouble ratio(String subject, String to, String column) {
        return ratio(of(subject, column), of(to, column));
    }

    /** The same of two columns of one subject. */
    public OptionalDouble ratioOfColumns(String subject, String column, String to) {
        return ratio(of(subject, column), of(subject, to));
    }

    private static OptionalDouble ratio(List<Double> above, List<Double> below) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < Math.min(above.size(), below.size()); i++) {
            ratios.add(above.get(i) / below.get(i));
        }
        return median(ratios);
    }

    /** The worst of all rounds; empty when it was not measured. */
    public OptionalDouble highest(String subject, String column) {
        return of(subject, column).stream().mapToDouble(Double::doubleValue).max();
    }

    /** A table of Markdown, so that it can be kept. */
    public static void print(
            String title,
            String format,
            List<String> names,
            List<String> columns,
            BiFunction<String, String, OptionalDouble> figure) {
        System.out.println(
                "\n| " + title + " | " + String.join(" | ", columns) + " |\n|---|" + "---:|".repeat(columns.size()));
        for (String name : names) {
            String row = columns.stream()
                    .map(column -> text(figure.apply(name, column), format))
                    .collect(Collectors.joining(" | "));
            System.out.println("| " + name + " | " + row + " |");
        }
    }

    private static String text(OptionalDouble figure, String format) {
        return figure.isPresent() ? String.format(Locale.ROOT, format, figure.getAsDouble()) : "";
    }

    private List<Double> of(String subject, String column) {
        return figures.getOrDefault(subject, Map.of()).getOrDefault(column, List.of());
    }

    private static OptionalDouble median(List<Double> values) {
        if (values.isEmpty()) {
            return OptionalDouble.empty();
        }
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return OptionalDouble.of(
                sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2);
    }
}
