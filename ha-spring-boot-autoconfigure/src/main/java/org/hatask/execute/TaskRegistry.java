package org.hatask.execute;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The tasks of this node by name. Immutable. */
public final class TaskRegistry {

    private final Map<String, TaskDefinition> tasks;

    /** The names must differ; whoever collects them makes sure of it. */
    public TaskRegistry(Collection<TaskDefinition> definitions) {
        Map<String, TaskDefinition> byName = new TreeMap<>();
        definitions.forEach(task -> byName.put(task.name(), task));
        this.tasks = Collections.unmodifiableMap(byName);
    }

    public Optional<TaskDefinition> find(String name) {
        return Optional.ofNullable(tasks.get(name));
    }

    /** All tasks, ordered by name. */
    public Collection<TaskDefinition> all() {
        return tasks.values();
    }

    /** The signatures of all tasks by name. */
    public Map<String, String> signatures() {
        return tasks.values().stream().collect(Collectors.toMap(TaskDefinition::name, TaskDefinition::signature));
    }
}
