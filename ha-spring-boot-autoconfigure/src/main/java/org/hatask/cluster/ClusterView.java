package org.hatask.cluster;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An immutable picture of the cluster. Who wants to wait for another picture waits for {@link #changed()} of the picture
 * it decided upon, so that no change can be missed in between.
 *
 * @param self this node, whether or not it is a member already
 * @param members all members ordered by id, each {@link NodeState#DRAINED} where an operator says so
 * @param master the master, or null while none is known
 * @param formerMaster the last master before there was none, or null while there is one or never was
 * @param masterlessSince since when no master is known, by this node's clock; null while there is one
 * @param lastEpoch epoch of the last known master, 0 before the first
 * @param orders what operators have decided
 * @param changed completed, with nothing, when this picture is replaced
 */
public record ClusterView(
        Node self,
        List<Node> members,
        @Nullable Master master,
        @Nullable Master formerMaster,
        @Nullable Instant masterlessSince,
        long lastEpoch,
        Orders orders,
        CompletableFuture<Void> changed) {

    public ClusterView {
        members = List.copyOf(members);
    }

    /** The member with this id. */
    public Optional<Node> member(String id) {
        return members.stream().filter(node -> node.id().equals(id)).findFirst();
    }

    /** The master's node, empty when there is no master or the process that is master is no member (yet). */
    public Optional<Node> masterNode() {
        Master current = master;
        return current == null
                ? Optional.empty()
                : members.stream().filter(current::is).findFirst();
    }

    /** Whether {@code node} is the master as far as this picture tells. */
    public boolean isMaster(Node node) {
        return master != null && master.is(node);
    }

    /** All members and this node, which is among them twice once it has joined. */
    public Stream<Node> membersAndSelf() {
        return Stream.concat(Stream.of(self), members.stream());
    }

    /** Whether this node is a member. */
    public boolean isJoined() {
        return members.stream().anyMatch(self::isSameProcessAs);
    }
}
