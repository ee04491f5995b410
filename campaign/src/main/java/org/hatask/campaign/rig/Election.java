package org.hatask.campaign.rig;

import java.util.Locale;

/** How the nodes choose their master. */
public enum Election {
    LEADER_LATCH,
    LOWEST_NODE_ID;

    /** Value of {@code ha.election.strategy}. */
    String setting() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
