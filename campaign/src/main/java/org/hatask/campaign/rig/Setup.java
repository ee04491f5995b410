package org.hatask.campaign.rig;

/**
 * What is under test.
 *
 * @param nodes how many nodes
 * @param election how they come by their master
 * @param ensemble where ZooKeeper is
 * @param mutation what is broken on purpose; {@code none} for nothing
 */
public record Setup(int nodes, Election election, Ensemble ensemble, String mutation) {}
