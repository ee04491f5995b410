package org.hatask.dispatch;

import java.util.List;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;

/**
 * The same node for the same key: rendezvous hashing (Thaler and Ravishankar 1998), with weights after Schindelhauer and
 * Schomaker. Each node gets a number from its id and the key, and the highest wins. The numbers of different nodes do not
 * depend on each other, so when a node is lost exactly its keys move, and each of them to its own second choice; a node
 * that comes back under its id, in whatever incarnation, finds its keys again. All nodes of a cluster compute the same, so
 * nothing here may depend on the JVM: {@link StrictMath}, and a hash of our own.
 */
final class ConsistentHashStrategy implements Strategy {

    @Override
    public Node choose(String task, @Nullable String key, List<Node> candidates) {
        long hash = hash(key == null ? "" : key);
        Node highest = candidates.get(0);
        double most = Double.NEGATIVE_INFINITY;
        for (Node node : candidates) {
            double score = score(hash, node);
            // Candidates are ordered by id, so even a tie ends the same everywhere.
            if (score > most) {
                most = score;
                highest = node;
            }
        }
        return highest;
    }

    private static double score(long keyHash, Node node) {
        long mixed = mix(keyHash ^ mix(hash(node.id())));
        double uniform = ((mixed >>> 11) + 0.5) * 0x1p-53;
        return node.weight() / -StrictMath.log(uniform);
    }

    /** FNV-1a over the characters. */
    private static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return mix(hash);
    }

    /** The finalizer of SplitMix64: every bit of the input changes half of the bits of the output. */
    private static long mix(long bits) {
        long mixed = (bits ^ (bits >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }

    @Override
    public Scores scores(@Nullable String key, List<Node> candidates) {
        if (key == null) {
            Scores shares = Scores.shares(
                    candidates.stream().map(node -> (double) node.weight()).toList());
            return new Scores("share of the keys; add ?key=… to see where one goes", shares.values());
        }
        long hash = hash(key);
        return new Scores(
                "the highest has the key",
                candidates.stream().map(node -> score(hash, node)).toList());
    }
}
