package org.hatask.zookeeper;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult.GetDataResult;
import org.hatask.cluster.ClusterState;
import org.jspecify.annotations.Nullable;

/**
 * Takes away what stands in the latch's queue and will never lead: the latch lets everything with a smaller number go first, be it
 * a candidate or not. Looks only while there has been no master for so long that something must be in the way.
 *
 * <p>State is owned by the election's thread.
 */
final class StrayCandidates {

    private static final int PATIENCE_IN_SESSIONS = 2;
    private static final int MAX_AT_ONCE = 100;

    private final ZooKeeperClients clients;
    private final ClusterState state;
    private final LongSupplier nanoTime;
    private final Clock clock;
    private final Executor thread;
    private final String parent;
    private boolean looked;
    private long lookedNanos;

    /**
     * @param thread the election's
     */
    StrayCandidates(ZooKeeperClients clients, ClusterState state, LongSupplier nanoTime, Clock clock, Executor thread) {
        this.clients = clients;
        this.state = state;
        this.nanoTime = nanoTime;
        this.clock = clock;
        this.thread = thread;
        this.parent = clients.paths().election();
    }

    void check() {
        Session session = clients.election().session();
        Duration timeout = clients.settings().sessionTimeout();
        Instant masterless = state.view().masterlessSince();
        long now = nanoTime.getAsLong();
        boolean stuck = masterless != null
                && masterless.plus(timeout.multipliedBy(PATIENCE_IN_SESSIONS)).isBefore(clock.instant());
        if (session == null || !stuck || looked && now - lookedNanos < timeout.toNanos()) {
            return;
        }
        looked = true;
        lookedNanos = now;
        session.children(parent, null).thenAcceptAsync(names -> judge(session, names), thread);
    }

    private void judge(Session session, @Nullable List<String> names) {
        if (names == null || names.isEmpty()) {
            return;
        }
        List<String> paths = names.stream()
                .limit(MAX_AT_ONCE)
                .map(name -> parent + "/" + name)
                .toList();
        session.multi(paths.stream().map(Op::getData).toList())
                .thenAcceptAsync(
                        reply -> {
                            for (int i = 0; i < paths.size(); i++) {
                                GetDataResult found = reply.data(i);
                                if (found != null && !isCandidate(found)) {
                                    remove(session, paths.get(i), found);
                                }
                            }
                        },
                        thread);
    }

    /** A candidate is ephemeral and holds the id and the incarnation of a member, or of this node. */
    private boolean isCandidate(GetDataResult found) {
        if (found.getStat().getEphemeralOwner() == 0) {
            return false;
        }
        byte[] data = found.getData();
        String author = data == null ? "" : new String(data, StandardCharsets.UTF_8);
        return state.view().membersAndSelf().anyMatch(node -> LatchCandidacy.candidateId(node)
                .equals(author));
    }

    private void remove(Session session, String path, GetDataResult found) {
        session.multi(List.of(Op.delete(path, found.getStat().getVersion())))
                .thenAcceptAsync(
                        reply -> {
                            long revision = found.getStat().getMzxid();
                            if (reply.isOk()) {
                                clients.oddRecords()
                                        .report(path, revision, "is no candidate of a member and was taken away");
                            } else if (reply.code() == Code.NOTEMPTY || reply.code() == Code.NOAUTH) {
                                clients.oddRecords()
                                        .report(
                                                path,
                                                revision,
                                                "is no candidate of a member and cannot be taken away (" + reply.code()
                                                        + "): delete it, for nobody becomes master before");
                            }
                        },
                        thread);
    }
}
