package org.hatask.cluster;

/**
 * What a node takes up when it becomes master, beside executing tasks, and lays down again. Called by one thread at a time,
 * which may be blocked; {@link #takeUp} and {@link #layDown} alternate.
 */
public interface MasterDuties {

    /** Nothing beside tasks. */
    MasterDuties NONE = new MasterDuties() {
        @Override
        public void takeUp(long epoch) {}

        @Override
        public void layDown(long epoch) {}
    };

    /**
     * This node was made master; no task for the master is admitted before this returns.
     *
     * @throws Exception when it cannot be master; everything is laid down again by then, and the mastership is given back
     */
    void takeUp(long epoch) throws Exception;

    /** This node hands its mastership over or has lost it; no task for the master runs any more, or all were interrupted. */
    void layDown(long epoch);
}
