package org.hatask.benchmarks.calls;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** Who is measured, by the name of the option, in the order of the table. */
enum Contenders {
    HA_TASK("ha-task", "HA Task", HaTaskCalls::new),
    RAW("raw", "raw sockets", RawSockets::new),
    DUBBO("dubbo", "Dubbo", DubboCalls::new),
    HAZELCAST("hazelcast", "Hazelcast", HazelcastCalls::new, HazelcastCalls.JAVA_OPTIONS),
    IGNITE("ignite", "Ignite", IgniteCalls::new, IgniteCalls.JAVA_OPTIONS),
    REST("rest", "RestClient", RestCalls::new);

    private final String option;
    private final String title;
    private final Supplier<Contender> maker;
    private final List<String> javaOptions = new ArrayList<>(List.of("-Xms512m", "-Xmx512m"));

    Contenders(String option, String title, Supplier<Contender> maker) {
        this(option, title, maker, List.of());
    }

    Contenders(String option, String title, Supplier<Contender> maker, List<String> more) {
        this.option = option;
        this.title = title;
        this.maker = maker;
        this.javaOptions.addAll(more);
    }

    /** @param options separated by commas */
    static List<Contenders> of(String options) {
        List<String> all = Arrays.asList(options.split(","));
        return Arrays.stream(values())
                .filter(each -> all.contains(each.option()))
                .toList();
    }

    String option() {
        return option;
    }

    String title() {
        return title;
    }

    Contender make() {
        return maker.get();
    }

    /** Of each of its processes; the same for all but for what one of them cannot do without. */
    List<String> javaOptions() {
        return javaOptions;
    }
}
