package org.hatask.campaign.rig;

import java.util.List;

/** How the nodes come by their master. */
public enum Election {
    LEADER_LATCH("--ha.election.strategy=leader-latch"),
    LOWEST_NODE_ID("--ha.election.strategy=lowest-node-id"),
    /** By an operator alone: the topology {@code master-slave}. */
    OPERATOR("--ha.topology=master-slave");

    private final String argument;

    Election(String argument) {
        this.argument = argument;
    }

    /** For a node. */
    List<String> arguments() {
        return List.of(argument, "--management.endpoint.ha.access=unrestricted");
    }
}
