package org.hatask.link;

import java.util.Optional;

/** The key that all nodes of the cluster hold. Asked at every handshake, so that it may become known late. Thread-safe. */
@FunctionalInterface
public interface ClusterKey {

    /** The key's bytes, empty while it is not known yet; never blocks. */
    Optional<byte[]> current();
}
