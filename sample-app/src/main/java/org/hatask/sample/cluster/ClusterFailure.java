package org.hatask.sample.cluster;

/** The cluster of processes is not as it should be; the message is for the person at the terminal. */
class ClusterFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ClusterFailure(String message) {
        super(message);
    }
}
