package org.hatask.sample;

import org.hatask.HaCluster;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** Name of the node that runs this code. Without a cluster ({@code ha.enabled=false}) the desk is a plain application. */
@Component
public class ThisNode {

    private final ObjectProvider<HaCluster> cluster;
    private final String configuredId;

    ThisNode(ObjectProvider<HaCluster> cluster, @Value("${ha.node.id:local}") String configuredId) {
        this.cluster = cluster;
        this.configuredId = configuredId;
    }

    public String id() {
        HaCluster known = cluster.getIfAvailable();
        return known == null ? configuredId : known.self().id();
    }
}
