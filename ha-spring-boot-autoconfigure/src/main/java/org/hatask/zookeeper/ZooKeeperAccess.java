package org.hatask.zookeeper;

import java.util.List;
import java.util.function.Function;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.data.ACL;

/**
 * What somebody else needs to keep something of the cluster in ZooKeeper.
 *
 * @param client the connection that membership uses; started and closed by {@link ZooKeeperClients}
 * @param root where the cluster keeps everything
 * @param epoch the node whose version is the epoch
 * @param acls for every node that is created, by its path: ACLs are not inherited
 */
public record ZooKeeperAccess(CuratorFramework client, String root, String epoch, Function<String, List<ACL>> acls) {

    public List<ACL> acl(String path) {
        return acls.apply(path);
    }
}
