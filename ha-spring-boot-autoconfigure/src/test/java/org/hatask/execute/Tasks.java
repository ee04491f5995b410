package org.hatask.execute;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Map;
import org.hatask.Balance;

/** Definitions of tasks for tests, read from annotated methods as in an application. */
public final class Tasks {

    /** The defaults of the properties. */
    public static final TaskDefaults DEFAULTS =
            new TaskDefaults(Duration.ofMinutes(10), Duration.ofSeconds(1), Duration.ofMinutes(10));

    private Tasks() {}

    /** The task of the only method of this name in the class. */
    public static TaskDefinition of(Class<?> beanClass, String methodName) {
        Map<Method, TaskDefinition> tasks = new TaskDefinitionFactory(
                        text -> text, DEFAULTS, false, Map.of(), Balance.ROUND_ROBIN)
                .definitions("bean", beanClass);
        return tasks.entrySet().stream()
                .filter(entry -> entry.getKey().getName().equals(methodName))
                .findFirst()
                .orElseThrow()
                .getValue();
    }

    /** An attempt of the task with this much time. */
    public static Attempt attempt(TaskDefinition task, Duration time) {
        return new Attempt(task, "t1", 1, 0, System.nanoTime() + time.toNanos(), "n1");
    }
}
