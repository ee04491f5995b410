package org.hatask.campaign.app;

import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * @param events directory for what this process writes down
 * @param unfenced log that every master appends to and that nothing protects
 * @param callers threads that call tasks
 * @param seed for what they call
 * @param mutation what is broken on purpose
 */
@ConfigurationProperties("campaign")
record NodeSettings(
        Path events,
        Path unfenced,
        @DefaultValue("3") int callers,
        @DefaultValue("0") long seed,
        @DefaultValue("none") Mutation mutation) {

    /** What is broken on purpose, to see whether the campaign notices. */
    enum Mutation {
        NONE,
        /** The lease is not looked at: once master, a node takes itself for the master of its last epoch. */
        NO_LEASE,
        /** The register takes a write of whatever epoch. */
        NO_FENCE
    }
}
