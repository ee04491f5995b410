package org.hatask.execute;

import java.util.Map;

/**
 * What an attempt takes along for those who observe it, so that its execution belongs to the trace of its call wherever it
 * runs. The engine carries it and looks at nothing in it.
 */
public interface Trace {

    /** Nobody traces. */
    Trace NONE = Map::of;

    /**
     * What travels to another node: names and values as headers of HTTP have them, such as {@code traceparent}. Empty when
     * nobody traces. What is longer than the link allows, or holds other characters than headers do, stays behind.
     */
    Map<String, String> headers();

    /** What came from another node. */
    static Trace of(Map<String, String> headers) {
        return headers.isEmpty() ? NONE : () -> headers;
    }
}
