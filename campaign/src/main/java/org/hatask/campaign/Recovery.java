package org.hatask.campaign;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hatask.campaign.rig.Cluster;
import org.hatask.campaign.rig.Timeline;
import org.jspecify.annotations.Nullable;

/** How long the cluster needs to become healthy once every process runs and every line is whole. */
final class Recovery {

    private final Cluster cluster;
    private final Timeline timeline;

    Recovery(Cluster cluster, Timeline timeline) {
        this.cluster = cluster;
        this.timeline = timeline;
    }

    /** From the first moment at which every node answers, which a restarted JVM needs time for; null when it takes longer. */
    @Nullable
    Duration await(Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        long allAnswer = 0;
        List<String> last = List.of();
        while (System.nanoTime() - end < 0) {
            List<String> complaints = cluster.complaints();
            long now = System.nanoTime();
            if (allAnswer == 0 && complaints.stream().noneMatch(text -> text.endsWith("does not answer"))) {
                allAnswer = now;
                timeline.add("every node answers");
            }
            if (complaints.isEmpty()) {
                timeline.add("full health");
                return Duration.ofNanos(now - allAnswer);
            }
            if (!complaints.equals(last)) {
                timeline.add("not healthy: " + complaints);
                last = complaints;
            }
            pause();
        }
        timeline.add("no full health: " + last);
        return null;
    }

    private static void pause() {
        try {
            new CountDownLatch(1).await(100, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
