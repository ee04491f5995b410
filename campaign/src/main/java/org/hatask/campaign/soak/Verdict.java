package org.hatask.campaign.soak;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * @param figures heap, threads and the like, of every process
 * @param classes those of ours that grew and have no bound
 * @param bounded those of ours that grew and have one, which they have not reached
 * @param others classes of whomever that grew most, to see what a growing heap holds
 * @param proves whether nodes came and went, and calls were made, to the end, and something was counted
 */
record Verdict(List<Trend> figures, List<Trend> classes, List<Trend> bounded, List<Trend> others, boolean proves) {

    private static final int OTHERS_SHOWN = 15;

    /**
     * What is kept on purpose of every process that ever called, so that a question about an old call gets no wrong answer; and
     * the most that is kept of it.
     */
    private static final Map<String, Long> BOUNDS = Map.of(
            "org.hatask.link.ServedCalls$Forgotten", 10_000L,
            "org.hatask.link.Handshake$Peer", 20_000L);

    static Verdict of(Recorder recorder, Progress progress) {
        List<Trend> classes = new ArrayList<>();
        List<Trend> bounded = new ArrayList<>();
        List<Trend> others = new ArrayList<>();
        for (String process : recorder.processes()) {
            List<Trend> grown = recorder.instances(process).stream()
                    .map(Trend::of)
                    .filter(trend -> !trend.isFlat())
                    .sorted(Comparator.comparingLong(Trend::growth).reversed())
                    .toList();
            grown.stream().filter(Verdict::isOurs).forEach(trend -> (isWithinBound(trend) ? bounded : classes)
                    .add(trend));
            grown.stream().filter(trend -> !isOurs(trend)).limit(OTHERS_SHOWN).forEach(others::add);
        }
        return new Verdict(
                recorder.figures().stream().map(Trend::of).toList(),
                classes,
                bounded,
                others,
                progress.wentOn() && allWereCounted(recorder.figures()));
    }

    /** Whether each thing was seen somewhere. */
    private static boolean allWereCounted(List<Series> figures) {
        return figures.stream().collect(Collectors.groupingBy(Series::what)).values().stream()
                .allMatch(same -> same.stream()
                        .anyMatch(series -> series.values().stream().anyMatch(value -> value > 0)));
    }

    private static boolean isWithinBound(Trend trend) {
        return trend.after() <= BOUNDS.getOrDefault(trend.series().what(), 0L);
    }

    private static boolean isOurs(Trend trend) {
        return Recorder.isOurs(trend.series().what());
    }

    boolean isFlat() {
        return proves && classes.isEmpty() && figures.stream().allMatch(Trend::isFlat);
    }
}
