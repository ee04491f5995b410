package org.hatask;

import java.net.URI;

/**
 * A member of the cluster.
 *
 * @param id stable name of the node
 * @param incarnation random value made at every start of the process; a restarted node has another
 * @param uri where the node's application answers, for example {@code http://10.0.0.7:8080}
 * @param role {@link Role#MASTER} or {@link Role#WORKER}
 */
public record HaNode(String id, String incarnation, URI uri, Role role) {}
