package org.hatask.standby;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.support.AbstractBeanFactory;
import org.springframework.scheduling.annotation.ScheduledAnnotationBeanPostProcessor;

/**
 * Keeps {@code @Scheduled} methods of marked beans back until the whole promotion has succeeded, and cancels them first at
 * its end. Spring would schedule a scoped bean the moment it is made, and would not cancel it at its destruction where a proxy
 * stands before it, since it is asked about the bean behind.
 *
 * <p>Before Spring's processor stands one that hands it something it ignores by its own rule, and behind it one that gives
 * the bean back; so nobody else sees anything of it.
 */
final class ScheduleHold {

    private final PrimaryScope scope;
    private final List<ScheduledAnnotationBeanPostProcessor> schedulers = new CopyOnWriteArrayList<>();

    ScheduleHold(PrimaryScope scope) {
        this.scope = scope;
    }

    /** What Spring's processor ignores. */
    private record Held(Object bean) implements AopInfrastructureBean {}

    /** Once, when all post-processors stand in their order. */
    void install(AbstractBeanFactory beans) {
        if (!schedulers.isEmpty()) {
            return;
        }
        List<BeanPostProcessor> processors = beans.getBeanPostProcessors();
        for (int i = 0; i < processors.size(); i++) {
            if (processors.get(i) instanceof ScheduledAnnotationBeanPostProcessor scheduler) {
                schedulers.add(scheduler);
                processors.add(i + 1, new Release());
                processors.add(i, new Hold());
                i += 2;
            }
        }
    }

    void begin(MarkedBean bean, Object instance) {
        schedulers.forEach(scheduler -> scheduler.postProcessAfterInitialization(instance, bean.targetName()));
    }

    void cancel(MarkedBean bean, Object instance) {
        schedulers.forEach(scheduler -> scheduler.postProcessBeforeDestruction(instance, bean.targetName()));
    }

    private final class Hold implements BeanPostProcessor {

        @Override
        public Object postProcessAfterInitialization(Object bean, String beanName) {
            return scope.ofTarget(beanName) == null ? bean : new Held(bean);
        }
    }

    private static final class Release implements BeanPostProcessor {

        @Override
        public Object postProcessAfterInitialization(Object bean, String beanName) {
            return bean instanceof Held held ? held.bean() : bean;
        }
    }
}
