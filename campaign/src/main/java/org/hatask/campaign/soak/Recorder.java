package org.hatask.campaign.soak;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.hatask.campaign.rig.Reading;

/** Takes readings down as series. A class that was not there at first has been there zero times. */
final class Recorder {

    /** Classes that this library has instances of for a link, a node or a call: its own and those it makes of libraries. */
    private static final List<String> OURS = List.of(
            "org.hatask.",
            "org.apache.curator.",
            "org.apache.zookeeper.",
            "org.apache.tomcat.websocket.",
            "io.github.resilience4j.");

    /** What nobody looks at unless it is many. */
    private static final long MANY = 50;

    static final String HEAP = "heap";
    static final String THREADS = "threads";
    static final String FILES = "files";
    static final String LINKS = "org.hatask.link.Link";
    static final String BREAKERS = "org.hatask.failure.NodeBreaker";
    static final String CLIENT_WATCHERS = "org.apache.curator.framework.imps.NamespaceWatcher";
    static final String WATCHES = "watches";
    static final String SESSIONS = "sessions";
    static final String ZNODES = "znodes";

    private final Map<String, Map<String, Series>> figures = new LinkedHashMap<>();
    private final Map<String, Map<String, Series>> instances = new LinkedHashMap<>();

    void add(String process, Reading reading) {
        add(process, HEAP, Series.Kind.HEAP, reading.heapBytes());
        add(process, THREADS, Series.Kind.COUNT, reading.threads());
        add(process, FILES, Series.Kind.COUNT, reading.files());
        for (String type : List.of(LINKS, BREAKERS, CLIENT_WATCHERS)) {
            add(process, type, Series.Kind.COUNT, reading.instances().getOrDefault(type, 0L));
        }
        Map<String, Series> known = instances.computeIfAbsent(process, name -> new TreeMap<>());
        int before = figure(process, HEAP).values().size() - 1;
        Set<String> classes = new HashSet<>(known.keySet());
        reading.instances().forEach((type, count) -> {
            if (isOurs(type) || count >= MANY) {
                classes.add(type);
            }
        });
        for (String type : classes) {
            Series series = known.computeIfAbsent(type, name -> {
                Series created = new Series(process, name, Series.Kind.COUNT);
                for (int i = 0; i < before; i++) {
                    created.add(0);
                }
                return created;
            });
            series.add(reading.instances().getOrDefault(type, 0L));
        }
    }

    void addZooKeeper(Map<String, Long> figuresOfServer) {
        String process = "ZooKeeper";
        add(process, WATCHES, Series.Kind.COUNT, figuresOfServer.get("zk_watch_count"));
        add(process, SESSIONS, Series.Kind.COUNT, figuresOfServer.get("zk_num_alive_connections"));
        add(process, ZNODES, Series.Kind.COUNT, figuresOfServer.get("zk_znode_count"));
    }

    private void add(String process, String what, Series.Kind kind, long value) {
        figures.computeIfAbsent(process, name -> new LinkedHashMap<>())
                .computeIfAbsent(what, name -> new Series(process, name, kind))
                .add(value);
    }

    static boolean isOurs(String type) {
        return OURS.stream().anyMatch(type::startsWith);
    }

    Series figure(String process, String what) {
        return figures.get(process).get(what);
    }

    List<Series> figures() {
        List<Series> all = new ArrayList<>();
        figures.values().forEach(ofProcess -> all.addAll(ofProcess.values()));
        return all;
    }

    List<Series> instances(String process) {
        return instances.get(process).values().stream()
                .sorted(Comparator.comparing(Series::what))
                .toList();
    }

    Set<String> processes() {
        return instances.keySet();
    }
}
