package org.hatask.campaign.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;

/** Ports of the loopback interface that are free, none of them twice. */
final class Ports {

    private final Set<Integer> taken = new HashSet<>();

    int free() {
        while (true) {
            try (ServerSocket socket = new ServerSocket()) {
                socket.bind(loopback(0));
                if (taken.add(socket.getLocalPort())) {
                    return socket.getLocalPort();
                }
            } catch (IOException e) {
                throw new UncheckedIOException("no free port", e);
            }
        }
    }

    static InetSocketAddress loopback(int port) {
        return new InetSocketAddress("127.0.0.1", port);
    }
}
