package org.hatask.zookeeper;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The peers of an ensemble of which each node hosts one. The list is the same on every node and in the same order: a peer's
 * number is its place in it.
 *
 * @param peers in order
 */
public record EnsembleSettings(List<Peer> peers) {

    private static final Pattern PEER =
            Pattern.compile("([^@\\s]+)@(\\[[0-9a-fA-F:.]+]|[^:@\\s\\[\\]]+)(?::(\\d+):(\\d+):(\\d+))?");
    private static final int CLIENT_PORT = 2181;
    private static final int PEER_PORT = 2888;
    private static final int ELECTION_PORT = 3888;

    /**
     * @param number its id in ZooKeeper, from 1
     * @param nodeId the node that hosts it
     * @param host where it listens
     * @param clientPort for clients
     * @param peerPort for followers
     * @param electionPort for the quorum's own election
     */
    public record Peer(int number, String nodeId, String host, int clientPort, int peerPort, int electionPort) {

        /** Where it serves clients, {@code host:port}. */
        public String clientAddress() {
            return host + ":" + clientPort;
        }

        String line() {
            return host + ":" + peerPort + ":" + electionPort + ":participant;" + host + ":" + clientPort;
        }
    }

    public EnsembleSettings {
        peers = List.copyOf(peers);
    }

    /**
     * @param texts each {@code nodeId@host} or {@code nodeId@host:clientPort:peerPort:electionPort}
     * @throws IllegalArgumentException saying what is wrong with which of them
     */
    public static EnsembleSettings parse(List<String> texts) {
        if (texts.isEmpty()) {
            throw new IllegalArgumentException("ha.zookeeper.embedded.ensemble is empty");
        }
        List<Peer> peers = new ArrayList<>();
        Set<String> nodeIds = new HashSet<>();
        Set<String> addresses = new HashSet<>();
        for (String text : texts) {
            Peer peer = parse(text.strip(), peers.size() + 1);
            if (!nodeIds.add(peer.nodeId())) {
                throw malformed(text, "the node '" + peer.nodeId() + "' is listed twice");
            }
            for (int port : new int[] {peer.clientPort(), peer.peerPort(), peer.electionPort()}) {
                if (!addresses.add(peer.host() + ":" + port)) {
                    throw malformed(text, peer.host() + ":" + port + " is used twice");
                }
            }
            peers.add(peer);
        }
        return new EnsembleSettings(peers);
    }

    private static Peer parse(String text, int number) {
        Matcher matcher = PEER.matcher(text);
        if (!matcher.matches()) {
            throw malformed(text, "it must be nodeId@host or nodeId@host:clientPort:peerPort:electionPort");
        }
        return new Peer(
                number,
                matcher.group(1),
                matcher.group(2),
                port(text, matcher.group(3), CLIENT_PORT),
                port(text, matcher.group(4), PEER_PORT),
                port(text, matcher.group(5), ELECTION_PORT));
    }

    private static int port(String text, @Nullable String digits, int otherwise) {
        if (digits == null) {
            return otherwise;
        }
        int port = digits.length() > 5 ? -1 : Integer.parseInt(digits);
        if (port < 1 || port > 65535) {
            throw malformed(text, digits + " is no port");
        }
        return port;
    }

    private static IllegalArgumentException malformed(String text, String why) {
        return new IllegalArgumentException(
                "ha.zookeeper.embedded.ensemble has '" + text + "': " + why + "; example: n1@10.0.0.1:2181:2888:3888");
    }

    /** The peer that this node hosts; empty when it is a client only. */
    public Optional<Peer> peerOf(String nodeId) {
        return peers.stream().filter(peer -> peer.nodeId().equals(nodeId)).findFirst();
    }

    /** All peers, for clients. */
    public String connectString() {
        return peers.stream().map(Peer::clientAddress).collect(Collectors.joining(","));
    }
}
