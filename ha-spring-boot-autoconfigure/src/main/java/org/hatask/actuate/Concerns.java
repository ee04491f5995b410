package org.hatask.actuate;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.hatask.cluster.Coordination;
import org.hatask.standby.StandbyStatus;
import org.jspecify.annotations.Nullable;

/** Judges how the cluster is, from what this node knows: what of it an operator should look at, and since when. */
final class Concerns {

    private final List<HaReport.Concern> found = new ArrayList<>();

    private Concerns() {}

    /**
     * @param master the master, the last one known without ZooKeeper, or null
     * @param masterless since when there is none, or null
     */
    static HaReport.Status judge(
            HaReport.OwnNode self,
            HaReport.@Nullable MasterInfo master,
            HaReport.@Nullable Masterless masterless,
            List<HaReport.Member> members,
            List<HaReport.Departed> departed,
            HaReport.CoordinationInfo coordination,
            HaReport.FailureDetection failureDetection,
            @Nullable StandbyStatus standby) {
        Concerns concerns = new Concerns();
        concerns.coordination(coordination);
        if (self.state().equals("JOINING")) {
            concerns.add(self.id(), "is no member of the cluster", self.since());
        }
        if (master != null && members.stream().noneMatch(node -> isMaster(node, master))) {
            concerns.add(master.id(), "is master and no member", master.since());
        }
        members.forEach(concerns::member);
        departed.stream()
                .filter(node -> node.how() == HaReport.Departure.VANISHED)
                .forEach(node -> concerns.add(node.id(), "is gone and did not sign off", node.at()));
        failureDetection
                .sickTasks()
                .forEach(task -> concerns.add(
                        null,
                        "Task " + task.task() + " is overdue wherever it runs: " + String.join(", ", task.nodes()),
                        task.since()));
        if (failureDetection.panic()) {
            concerns.add(null, "So many nodes look sick that all of them are used", null);
        }
        if (standby != null && standby.state() == StandbyStatus.State.FAILED) {
            concerns.add(self.id(), "could not start the beans of the primary: " + standby.problem(), standby.since());
        }
        if (masterless != null) {
            return new HaReport.Status(HaReport.Level.NO_MASTER, masterless.since(), concerns.found);
        }
        return concerns.found.isEmpty()
                ? new HaReport.Status(HaReport.Level.OK, null, List.of())
                : new HaReport.Status(HaReport.Level.DEGRADED, concerns.earliest(), concerns.found);
    }

    private static boolean isMaster(HaReport.Member node, HaReport.MasterInfo master) {
        return node.id().equals(master.id()) && node.incarnation().equals(master.incarnation());
    }

    private void coordination(HaReport.CoordinationInfo coordination) {
        if (!coordination.state().equals(Coordination.State.CONNECTED.name())) {
            add(
                    null,
                    "ZooKeeper is out of reach (" + coordination.state()
                            + "): what is said of the master and the members is what was known before",
                    coordination.since());
        }
        if (coordination.problem() != null) {
            add(null, coordination.problem(), null);
        }
    }

    private void member(HaReport.Member node) {
        HaReport.Drained drained = node.drained();
        if (drained != null) {
            String why = drained.why() == null ? "" : ": " + drained.why();
            add(node.id(), "was drained by " + drained.by() + why, drained.at());
        } else if (node.state().equals("DRAINING")) {
            add(node.id(), "is about to stop", null);
        }
        HaReport.Health health = node.health();
        switch (health.status()) {
            case "UP", "RAMPING" -> {}
            default ->
                add(
                        node.id(),
                        "is " + health.status() + (health.reason() == null ? "" : ": " + health.reason()),
                        health.since());
        }
    }

    private void add(@Nullable String node, String text, @Nullable Instant since) {
        found.add(new HaReport.Concern(node, text, since));
    }

    private @Nullable Instant earliest() {
        return found.stream()
                .map(HaReport.Concern::since)
                .filter(since -> since != null)
                .min(Comparator.naturalOrder())
                .orElse(null);
    }
}
