package org.hatask.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A gauge for each constant of an enum, told apart by a tag. */
final class StateGauges {

    private StateGauges() {}

    /**
     * Registers them.
     *
     * @param key the tag that holds the constant's name
     * @param value asked at every scrape
     */
    static <E extends Enum<E>> List<Meter> register(
            MeterRegistry registry,
            String name,
            String description,
            Tags tags,
            String key,
            E[] constants,
            ToDoubleFunction<E> value) {
        List<Meter> gauges = new ArrayList<>();
        for (E constant : constants) {
            gauges.add(Gauge.builder(name, () -> value.applyAsDouble(constant))
                    .description(description)
                    .tags(tags.and(key, tag(constant)))
                    .register(registry));
        }
        return gauges;
    }

    /** 1 for true. */
    static double of(boolean is) {
        return is ? 1 : 0;
    }

    /** A constant as the value of a tag. */
    static String tag(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
