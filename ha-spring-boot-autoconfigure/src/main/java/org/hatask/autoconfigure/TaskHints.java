package org.hatask.autoconfigure;

import java.lang.reflect.Method;
import org.hatask.execute.TaskDefinitionFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.generate.GenerationContext;
import org.springframework.aot.hint.BindingReflectionHintsRegistrar;
import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.beans.factory.aot.BeanRegistrationAotContribution;
import org.springframework.beans.factory.aot.BeanRegistrationAotProcessor;
import org.springframework.beans.factory.aot.BeanRegistrationCode;
import org.springframework.beans.factory.support.RegisteredBean;
import org.springframework.util.ClassUtils;

/**
 * For applications that are processed ahead of time: tasks are called by reflection, and their arguments and results become JSON.
 * Made by Spring while it processes an application, and never in a running one.
 */
final class TaskHints implements BeanRegistrationAotProcessor {

    private final BindingReflectionHintsRegistrar json = new BindingReflectionHintsRegistrar();

    @Override
    public @Nullable BeanRegistrationAotContribution processAheadOfTime(RegisteredBean bean) {
        Class<?> type = ClassUtils.getUserClass(bean.getBeanClass());
        return TaskDefinitionFactory.hasTasks(type) ? new Contribution(TaskDefinitionFactory.taskMethods(type)) : null;
    }

    private final class Contribution implements BeanRegistrationAotContribution {

        private final Iterable<Method> tasks;

        Contribution(Iterable<Method> tasks) {
            this.tasks = tasks;
        }

        @Override
        public void applyTo(GenerationContext generation, BeanRegistrationCode code) {
            ReflectionHints hints = generation.getRuntimeHints().reflection();
            for (Method task : tasks) {
                hints.registerMethod(task, ExecutableMode.INVOKE);
                json.registerReflectionHints(hints, task.getGenericParameterTypes());
                json.registerReflectionHints(hints, task.getGenericReturnType());
            }
        }
    }
}
