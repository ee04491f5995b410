package org.hatask.durable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.hatask.TaskState;

/**
 * Changes many tasks of a name by one order, the last submitted first. Each is changed by itself, so an order that ends in an
 * error has changed some of them, and can be given again. For one thread.
 */
final class BulkChange {

    private static final int AT_ONCE = 100;

    /** How often the changes of one page are tried anew that others were quicker with. */
    private static final int TRIES = 5;

    private final TaskStore store;
    private final Function<TaskRecord, Optional<TaskRecord>> step;
    private final Consumer<TaskRecord> told;
    private boolean missed;

    /**
     * @param step the changed task; empty when this one is left alone
     * @param told told of every task that was changed
     */
    BulkChange(TaskStore store, Function<TaskRecord, Optional<TaskRecord>> step, Consumer<TaskRecord> told) {
        this.store = store;
        this.step = step;
        this.told = told;
    }

    TaskManager.Changed run(String task, Set<TaskState> states, int atMost) {
        int done = 0;
        TaskQuery.Position after = null;
        while (done < atMost) {
            int size = Math.min(AT_ONCE, atMost - done);
            List<TaskRecord> page = store.list(new TaskQuery(task, states, after, size));
            done += change(page, states);
            if (page.size() < size) {
                return new TaskManager.Changed(done, missed);
            }
            after = TaskQuery.Position.of(page.get(page.size() - 1));
        }
        return new TaskManager.Changed(
                done,
                missed || !store.list(new TaskQuery(task, states, after, 1)).isEmpty());
    }

    private int change(List<TaskRecord> page, Set<TaskState> states) {
        int done = 0;
        List<TaskRecord> open = page;
        for (int i = 0; i < TRIES && !open.isEmpty(); i++) {
            List<TaskRecord> changed = open.stream()
                    .filter(task -> states.contains(task.state()))
                    .map(step)
                    .flatMap(Optional::stream)
                    .toList();
            List<String> late = changed.isEmpty() ? List.of() : replace(changed);
            done += changed.size() - late.size();
            open = late.isEmpty() ? List.of() : store.find(late);
        }
        missed |= !open.isEmpty();
        return done;
    }

    /** @return ids of those that others have changed first */
    private List<String> replace(List<TaskRecord> changed) {
        List<Boolean> replaced = store.replace(changed);
        List<String> late = new ArrayList<>();
        for (int i = 0; i < changed.size(); i++) {
            if (replaced.get(i)) {
                told.accept(changed.get(i));
            } else {
                late.add(changed.get(i).id());
            }
        }
        return late;
    }
}
