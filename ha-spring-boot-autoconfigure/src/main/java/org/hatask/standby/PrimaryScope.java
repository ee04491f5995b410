package org.hatask.standby;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.ObjectFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.config.Scope;

/**
 * Holds the instances of the marked beans while there are any, in the order in which they were completed: dependencies first.
 *
 * <p>Whoever makes or destroys beans holds {@link #work}: the thread that promotes or demotes, and for a lazy bean the one that
 * calls it first. Calls of beans that exist need no lock.
 */
final class PrimaryScope implements Scope {

    static final String NAME = "ha-primary";

    private static final Logger log = LoggerFactory.getLogger(PrimaryScope.class);

    /** Whether beans may be made. */
    enum Phase {
        CLOSED,
        /** By the thread that opens, and by no other. */
        OPENING,
        /** By whoever needs one. */
        OPEN,
        CLOSING
    }

    /** Hears what is being made, on the thread that makes it. */
    interface Watch {

        void making(MarkedBean bean);

        /** @param instance the bean, behind the application's own advice where it has some */
        void made(MarkedBean bean, Object instance);

        void notMade(MarkedBean bean);
    }

    private final ConfigurableListableBeanFactory beans;
    private final Map<String, MarkedBean> marked;
    private final ScheduleHold schedules = new ScheduleHold(this);
    private final Map<String, Object> instances = new ConcurrentHashMap<>();

    // Guarded by work.
    private final ReentrantLock work = new ReentrantLock();
    private final Deque<String> newestFirst = new ArrayDeque<>();
    private final Map<String, Runnable> destructions = new LinkedHashMap<>();
    private final Map<String, Set<MarkedBean>> learnt = new HashMap<>();
    private final Set<String> making = new LinkedHashSet<>();

    /** Guarded by its own monitor: who may be interrupted. */
    private final Worker worker = new Worker();

    private volatile @Nullable Watch watch;

    private volatile Phase phase = Phase.CLOSED;

    PrimaryScope(ConfigurableListableBeanFactory beans, Map<String, MarkedBean> marked) {
        this.beans = beans;
        this.marked = marked;
    }

    void watch(Watch newWatch) {
        this.watch = newWatch;
    }

    ScheduleHold schedules() {
        return schedules;
    }

    Phase phase() {
        return phase;
    }

    void phase(Phase next) {
        phase = next;
    }

    ReentrantLock work() {
        return work;
    }

    Worker worker() {
        return worker;
    }

    /** The marked bean behind this name of a target, or null where it is another scope's. */
    @Nullable
    MarkedBean ofTarget(@Nullable String targetName) {
        return ScopedProxyUtils.isScopedTarget(targetName)
                ? marked.get(ScopedProxyUtils.getOriginalBeanName(targetName))
                : null;
    }

    /** The instance where there is one, and never makes it. */
    @Nullable
    Object existing(MarkedBean bean) {
        return instances.get(bean.name());
    }

    /** The instance; made first where that is allowed now. Null on standby. */
    @Nullable
    Object find(MarkedBean bean) {
        Object instance = instances.get(bean.name());
        if (instance == null && mayMake()) {
            beans.getBean(bean.targetName());
            instance = instances.get(bean.name());
        }
        return instance;
    }

    private boolean mayMake() {
        return phase == Phase.OPEN || phase == Phase.OPENING && work.isHeldByCurrentThread();
    }

    /** The names of all that exist, the newest first. */
    List<String> newestFirst() {
        return List.copyOf(newestFirst);
    }

    /**
     * On standby answers with the proxy instead of the bean behind it: who looks all beans of a type up, as
     * {@code getBeansOfType} does, gets what says clearly that it is on standby, and not an exception for all of them.
     */
    @Override
    public Object get(String targetName, ObjectFactory<?> factory) {
        MarkedBean bean = ofTarget(targetName);
        if (bean == null) {
            throw new IllegalStateException(
                    "Scope " + NAME + " is for beans marked with @PrimaryOnly, not for '" + targetName + "'");
        }
        Object instance = instances.get(bean.name());
        if (instance != null) {
            return instance;
        }
        if (!mayMake()) {
            return beans.getBean(bean.name());
        }
        work.lock();
        worker.enter();
        try {
            instance = instances.get(bean.name());
            return instance != null ? instance : mayMake() ? make(bean, factory) : beans.getBean(bean.name());
        } finally {
            worker.leave();
            work.unlock();
        }
    }

    private Object make(MarkedBean bean, ObjectFactory<?> factory) {
        Watch hears = Objects.requireNonNull(watch, "nobody promotes");
        making.add(bean.name());
        hears.making(bean);
        boolean done = false;
        try {
            makeDependencies(bean);
            Object instance = factory.getObject();
            if (instance.equals(null)) {
                throw new IllegalStateException("its @Bean method returned null");
            }
            instances.put(bean.name(), instance);
            newestFirst.addFirst(bean.name());
            done = true;
            hears.made(bean, instance);
            return instance;
        } finally {
            making.remove(bean.name());
            if (!done) {
                destructions.remove(bean.name());
                hears.notMade(bean);
            }
        }
    }

    /**
     * Makes the marked beans that this one depends on, as far as the bean factory knows them by now. A circle ends at the bean
     * that is being made: its proxy is enough.
     */
    void makeDependencies(MarkedBean bean) {
        for (MarkedBean dependency : learnt.getOrDefault(bean.name(), dependencies(bean))) {
            // For the order in which life cycles start and stop, too.
            beans.registerDependentBean(dependency.name(), bean.name());
            if (!making.contains(dependency.name())) {
                find(dependency);
            }
        }
    }

    /**
     * All that is injected was injected: what the factory notes of this bean later comes from what it looks up while it works,
     * such as through {@code @Lazy}, and must not order the next promotion.
     */
    void learnDependencies(MarkedBean bean) {
        learnt.putIfAbsent(bean.name(), dependencies(bean));
    }

    private Set<MarkedBean> dependencies(MarkedBean bean) {
        Set<MarkedBean> found = new LinkedHashSet<>();
        for (String depending : List.of(bean.targetName(), bean.name())) {
            for (String name : beans.getDependenciesForBean(depending)) {
                MarkedBean dependency = ScopedProxyUtils.isScopedTarget(name) ? ofTarget(name) : marked.get(name);
                if (dependency != null && !dependency.equals(bean)) {
                    found.add(dependency);
                }
            }
        }
        return found;
    }

    /** Whether this bean is being made now, by the thread that asks. */
    boolean isMaking(MarkedBean bean) {
        return work.isHeldByCurrentThread() && making.contains(bean.name());
    }

    /** Destroys the bean; goes on when its callbacks fail. */
    void destroy(String name) {
        Runnable callback = destructions.remove(name);
        try {
            if (callback != null) {
                callback.run();
            }
        } catch (RuntimeException | Error e) {
            log.warn("Destroying bean '{}' failed; going on", name, e);
        } finally {
            instances.remove(name);
            newestFirst.remove(name);
        }
    }

    @Override
    public @Nullable Object remove(String targetName) {
        throw new UnsupportedOperationException(
                "'" + targetName + "' lives as long as this node is primary; it cannot be removed alone");
    }

    @Override
    public void registerDestructionCallback(String targetName, Runnable callback) {
        destructions.put(ScopedProxyUtils.getOriginalBeanName(targetName), callback);
    }

    @Override
    public @Nullable Object resolveContextualObject(String key) {
        return null;
    }

    @Override
    public @Nullable String getConversationId() {
        return null;
    }

    /** All marked beans, in the order of their definitions. */
    Collection<MarkedBean> marked() {
        return marked.values();
    }

    /**
     * @throws IllegalArgumentException when there is none of this name
     */
    MarkedBean marked(String name) {
        MarkedBean bean = marked.get(name);
        if (bean == null) {
            throw new IllegalArgumentException("No bean '" + name + "' is marked");
        }
        return bean;
    }

    /** The thread that makes or destroys, so that the end of the application can interrupt it while it makes. */
    static final class Worker {

        private final List<Thread> threads = new ArrayList<>();

        synchronized void enter() {
            threads.add(Thread.currentThread());
        }

        synchronized void leave() {
            threads.remove(Thread.currentThread());
        }

        /** What follows must not be interrupted: forgets that it was. */
        synchronized void shield() {
            threads.removeIf(thread -> thread == Thread.currentThread());
            Thread.interrupted();
        }

        synchronized void interrupt() {
            threads.forEach(Thread::interrupt);
        }

        @Override
        public synchronized String toString() {
            return Arrays.toString(threads.toArray());
        }
    }
}
