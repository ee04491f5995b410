package org.hatask.dispatch;

import java.net.URI;
import java.util.Map;
import org.hatask.cluster.Node;
import org.springframework.cloud.client.ServiceInstance;

/**
 * A node as Spring Cloud LoadBalancer sees it. Two are the same when they are the same process, so that nothing a strategy
 * remembers of a node outlives its restart or is lost by a change of its record.
 */
public final class CandidateInstance implements ServiceInstance {

    private final Node node;

    CandidateInstance(Node node) {
        this.node = node;
    }

    /** The node behind it. */
    public Node node() {
        return node;
    }

    @Override
    public String getInstanceId() {
        return node.id();
    }

    @Override
    public String getServiceId() {
        return LoadBalancerNodeChooser.SERVICE_ID;
    }

    @Override
    public String getHost() {
        return node.uri().getHost();
    }

    @Override
    public int getPort() {
        return node.uri().getPort();
    }

    @Override
    public boolean isSecure() {
        return "https".equals(node.uri().getScheme());
    }

    @Override
    public URI getUri() {
        return node.uri();
    }

    /** {@code weight}, and {@code zone} where the node has one. */
    @Override
    public Map<String, String> getMetadata() {
        String weight = Integer.toString(node.weight());
        String zone = node.zone();
        return zone == null ? Map.of("weight", weight) : Map.of("weight", weight, "zone", zone);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CandidateInstance that && node.incarnation().equals(that.node.incarnation());
    }

    @Override
    public int hashCode() {
        return node.incarnation().hashCode();
    }

    @Override
    public String toString() {
        return node.toString();
    }
}
