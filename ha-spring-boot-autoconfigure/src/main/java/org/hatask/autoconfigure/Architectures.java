package org.hatask.autoconfigure;

import org.hatask.actuate.HaReport;

/** The architectures in words, for the endpoint. */
final class Architectures {

    private Architectures() {}

    static HaReport.Architecture of(HaProperties properties) {
        HaProperties.Topology topology = properties.topology();
        boolean standsBy = topology == HaProperties.Topology.PRIMARY_BACKUP;
        boolean operated = properties.strategy() == HaProperties.Strategy.MANUAL;
        String executes =
                switch (topology) {
                    case CLUSTER ->
                        "MASTER tasks the elected master, WORKER tasks the others, ANY tasks every healthy node";
                    case MASTER_SLAVE -> "MASTER tasks the master, WORKER tasks the slaves, ANY tasks all nodes";
                    case PRIMARY_BACKUP -> "the primary executes every task; the backups refuse tasks and traffic";
                };
        String failure = !operated
                ? "another node is elected; calls of MASTER tasks wait meanwhile"
                : standsBy
                        ? "calls fail with a clear error until the primary is back or an operator promotes a backup"
                        : "MASTER tasks fail with a clear error until the master is back or an operator promotes another"
                                + " node; all other tasks go on";
        return new HaReport.Architecture(
                HaProperties.name(topology),
                standsBy ? HaProperties.name(properties.standby()) : null,
                HaProperties.name(properties.strategy()),
                executes,
                failure);
    }
}
