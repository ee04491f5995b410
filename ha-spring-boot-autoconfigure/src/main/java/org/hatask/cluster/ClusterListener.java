package org.hatask.cluster;

/** Hears of every change of the {@link ClusterView}, in order, on the thread that tells all listeners. */
@FunctionalInterface
public interface ClusterListener {

    void viewChanged(ClusterView before, ClusterView after);
}
