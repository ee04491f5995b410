package org.hatask.failure;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node said of itself last, over a link that is open.
 *
 * @param nodeId its id
 * @param incarnation its incarnation
 * @param suspect why it takes no work, or null
 * @param overdue overdue tasks it knows of: those that run on it, and those it has called elsewhere
 */
public record Word(
        String nodeId, String incarnation, @Nullable String suspect, List<Overdue> overdue) {

    public Word {
        overdue = List.copyOf(overdue);
    }
}
