package org.hatask.zookeeper;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.zookeeper.data.ACL;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds nodes of the cluster that everybody may write although there are credentials: they were made before those were set, and
 * who creates what exists already changes nothing of it.
 */
final class OpenNodes {

    private static final Logger log = LoggerFactory.getLogger(OpenNodes.class);
    private static final String PROBLEM = "acl";

    private final ZooKeeperClients clients;
    private final Executor thread;

    OpenNodes(ZooKeeperClients clients, Executor thread) {
        this.clients = clients;
        this.thread = thread;
    }

    void check(Session session) {
        if (clients.settings().auth() == null) {
            return;
        }
        Paths paths = clients.paths();
        List<String> all = new ArrayList<>(paths.persistent());
        all.remove(Paths.SHARED);
        all.add(paths.secret());
        List<String> open = new ArrayList<>();
        // Sent at once, answered in order: one round trip for all.
        CompletableFuture<?> last = CompletableFuture.completedFuture(null);
        for (String path : all) {
            last = session.acl(path)
                    .thenAcceptAsync(
                            acl -> {
                                if (isOpen(acl)) {
                                    open.add(path);
                                }
                            },
                            thread);
        }
        last.thenRunAsync(() -> tell(open), thread);
    }

    private static boolean isOpen(@Nullable List<ACL> acl) {
        return acl != null
                && acl.stream().anyMatch(entry -> "world".equals(entry.getId().getScheme()) && entry.getPerms() != 0);
    }

    private void tell(List<String> open) {
        if (open.isEmpty()) {
            clients.problem(PROBLEM, null);
            return;
        }
        String root = clients.paths().root();
        String text = "ha.zookeeper.auth is set, but " + String.join(", ", open)
                + " in ZooKeeper are from the time before it and open to whoever reaches ZooKeeper: stop all nodes of the"
                + " cluster and delete " + root + " (deleteall " + root
                + " in zkCli.sh), then it is made anew with a new key";
        if (clients.problem(PROBLEM, text)) {
            log.warn("[{}] {}", clients.settings().cluster(), text);
        }
    }
}
