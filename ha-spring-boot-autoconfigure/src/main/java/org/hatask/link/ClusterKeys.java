package org.hatask.link;

import java.util.List;

/** The keys of the cluster. Asked at every handshake, so that they may become known late. Thread-safe. */
@FunctionalInterface
public interface ClusterKeys {

    /**
     * The keys' bytes: with the first one this node proves itself, and each is good enough as another node's proof. Empty
     * while the first is not known yet; never blocks.
     */
    List<byte[]> current();
}
