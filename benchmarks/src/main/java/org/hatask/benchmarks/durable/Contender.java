package org.hatask.benchmarks.durable;

import java.util.List;

/** Something that keeps tasks and executes them, started and with nothing to do. */
interface Contender extends AutoCloseable {

    /** Executes nothing until {@link #resume}. */
    void pause();

    void resume();

    /** Returns when the task is as safe as the store can make it. */
    void submit(String argument);

    /** All of them at once, where it can; otherwise not called. */
    void submitAll(List<String> arguments);

    /** Tasks whose end is not written yet. */
    long unfinished();
}
