package org.hatask.benchmarks.calls;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Where a process stands among those of its contender.
 *
 * @param index from 0; the last is the caller, all others serve
 * @param ports one for each process
 * @param zooKeeperPort of the server for whoever needs one
 */
record Place(int index, List<Integer> ports, int zooKeeperPort) {

    int port() {
        return ports.get(index);
    }

    List<Integer> serverPorts() {
        return ports.subList(0, ports.size() - 1);
    }

    boolean isCaller() {
        return index == ports.size() - 1;
    }

    @Override
    public String toString() {
        return index + ":" + ports.stream().map(String::valueOf).collect(Collectors.joining(",")) + ":" + zooKeeperPort;
    }

    static Place parse(String text) {
        String[] parts = text.split(":");
        List<Integer> ports =
                Arrays.stream(parts[1].split(",")).map(Integer::valueOf).toList();
        return new Place(Integer.parseInt(parts[0]), ports, Integer.parseInt(parts[2]));
    }
}
