package org.hatask.standby;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.hatask.HaException;
import org.hatask.cluster.MasterDuties;
import org.hatask.standby.PrimaryScope.Phase;
import org.hatask.standby.StandbyStatus.State;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.support.AbstractBeanFactory;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.ApplicationContextEvent;
import org.springframework.context.event.ApplicationEventMulticaster;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.Ordered;

/**
 * A promotion makes and starts the marked beans, all or none; a demotion stops and destroys them.
 *
 * <p>A promotion makes them in the order of their dependencies, starts those with a life cycle by phase, and begins what is
 * {@code @Scheduled} last, since nothing of it may run before all stands. A demotion goes the other way: no firing any more,
 * stop, destroy. When anything fails on the way up, everything is taken down again before that is told.
 *
 * <p>Promotion and demotion come on one thread, the end of the application on another: whoever works holds the lock of
 * {@link PrimaryScope}, and the status changes under it alone. The end of the application interrupts a promotion.
 */
public final class ColdStandby
        implements MasterDuties, SmartLifecycle, ApplicationListener<ApplicationContextEvent>, Ordered {

    private static final Logger log = LoggerFactory.getLogger(ColdStandby.class);
    private static final Duration SLOW = Duration.ofSeconds(1);

    private final ConfigurableApplicationContext context;
    private final PrimaryScope scope;
    private final Duration stopTimeout;
    private final Clock clock;
    private final LongSupplier nanoTime;
    private final MarkedLifecycles lifecycles;
    private final Progress progress = new Progress();

    /** Open once the application has started all beans that are not marked. */
    private final CountDownLatch refreshed = new CountDownLatch(1);

    private volatile StandbyStatus status;
    private volatile boolean running;
    private volatile boolean closed;

    /**
     * @param stopTimeout how long beans of one phase may take to stop
     */
    public ColdStandby(
            ConfigurableApplicationContext context,
            PrimaryOnlyBeans marked,
            Duration stopTimeout,
            Clock clock,
            LongSupplier nanoTime) {
        this.context = context;
        this.scope = marked.scope();
        this.stopTimeout = stopTimeout;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.lifecycles = new MarkedLifecycles(context.getBeanFactory(), scope, stopTimeout, progress);
        int total = (int) scope.marked().stream().filter(bean -> !bean.lazy()).count();
        this.status = new StandbyStatus(State.STANDBY, clock.instant(), 0, total, null, null);
        scope.watch(progress);
    }

    /** How far they are, now. From any thread. */
    public StandbyStatus status() {
        return status;
    }

    // ---- promotion

    /**
     * @throws HaException when a bean fails or the application ends meanwhile, with the bean's name and the reason; everything is
     *     stopped again by then
     * @throws InterruptedException when it was interrupted before it began
     */
    @Override
    public void takeUp(long epoch) throws InterruptedException {
        scope.work().lockInterruptibly();
        scope.worker().enter();
        try {
            if (scope.phase() == Phase.OPEN) {
                return;
            }
            promote(epoch);
        } finally {
            scope.worker().leave();
            if (closed) {
                Thread.interrupted(); // Meant for the promotion, which may have been done just then.
            }
            scope.work().unlock();
        }
    }

    private void promote(long epoch) {
        long start = nanoTime.getAsLong();
        progress.reset();
        to(State.STARTING);
        scope.phase(Phase.OPENING);
        try {
            refreshed.await();
            log.info("Promotion to primary in epoch {}: beans of the primary to start: {}", epoch, status.total());
            makeAll();
            lifecycles.onRefresh();
            goOn();
            for (String name : oldestFirst()) {
                beginSchedule(scope.marked(name));
            }
            goOn();
        } catch (Throwable e) { // Not even a missing class may leave half of them running.
            throw failed(e, start);
        }
        scope.phase(Phase.OPEN);
        status = status.withProblem(null);
        to(State.ACTIVE);
        log.info(
                "Beans of the primary started: {} of {}, in {} ms",
                status.started(),
                status.total(),
                millisSince(start));
    }

    private void makeAll() throws InterruptedException {
        for (MarkedBean bean : scope.marked()) {
            if (!bean.lazy()) {
                goOn();
                scope.find(bean);
            }
        }
        for (String name : oldestFirst()) {
            MarkedBean bean = scope.marked(name);
            if (scope.existing(bean) instanceof SmartInitializingSingleton complete) {
                progress.on(bean);
                complete.afterSingletonsInstantiated();
                progress.done(bean);
            }
        }
    }

    private void goOn() throws InterruptedException {
        if (closed || Thread.interrupted()) {
            throw new InterruptedException(closed ? "the application stops" : "the promotion was interrupted");
        }
    }

    private void beginSchedule(MarkedBean bean) {
        Object instance = scope.existing(bean);
        if (instance != null) {
            progress.on(bean);
            scope.schedules().begin(bean, instance);
            progress.done(bean);
        }
    }

    private HaException failed(Throwable error, long start) {
        scope.worker().shield();
        String bean = progress.failing;
        Throwable cause = NestedExceptionUtils.getMostSpecificCause(error);
        String reason = closed
                ? "the application stops"
                : cause.getClass().getSimpleName() + (cause.getMessage() == null ? "" : ": " + cause.getMessage());
        String problem = bean == null ? "Promotion failed: " + reason : "Bean '" + bean + "' cannot start: " + reason;
        status = status.withProblem(problem);
        takeDown();
        to(State.FAILED);
        log.warn(
                "{}. Everything is stopped again after {} ms; this node stays on standby", problem, millisSince(start));
        return new HaException(problem, error);
    }

    // ---- demotion

    @Override
    public void layDown(long epoch) {
        if (scope.phase() == Phase.CLOSED) {
            return; // Nothing was taken up, or it was undone already.
        }
        if (!lockOrInterrupt()) {
            log.warn("{} is still being made after {} and an interruption; waiting for it", status.bean(), stopTimeout);
            scope.work().lock();
        }
        try {
            demote("Demotion in epoch " + epoch);
        } finally {
            scope.work().unlock();
        }
    }

    /** Nobody but a promotion or the maker of a lazy bean can have the lock: what it makes is wanted no more. */
    private boolean lockOrInterrupt() {
        try {
            if (scope.work().tryLock(closed ? 0 : stopTimeout.toNanos(), TimeUnit.NANOSECONDS)) {
                return true;
            }
            scope.worker().interrupt();
            return scope.work().tryLock(stopTimeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void demote(String cause) {
        if (scope.phase() != Phase.OPEN) {
            return;
        }
        long start = nanoTime.getAsLong();
        List<String> made = scope.newestFirst();
        log.info("{}: beans of the primary to stop: {}", cause, made.size());
        takeDown();
        to(State.STANDBY);
        log.info("Beans of the primary stopped: {}, in {} ms", made.size(), millisSince(start));
    }

    /** Never fails: each bean's failure is logged, and the next one's turn comes. */
    private void takeDown() {
        to(State.STOPPING);
        scope.phase(Phase.CLOSING);
        for (String name : scope.newestFirst()) {
            MarkedBean bean = scope.marked(name);
            Object instance = scope.existing(bean);
            if (instance != null) {
                scope.schedules().cancel(bean, instance);
            }
        }
        lifecycles.stop();
        for (String name : scope.newestFirst()) {
            long start = nanoTime.getAsLong();
            progress.stepTo(name);
            scope.destroy(name);
            progress.gone(name);
            long millis = millisSince(start);
            if (millis > SLOW.toMillis()) {
                log.info("Bean '{}' took {} ms to end", name, millis);
            }
        }
        progress.reset();
        scope.phase(Phase.CLOSED);
    }

    // ---- with the application

    /** Before the node joins, which may make it primary. */
    @Override
    public void start() {
        AbstractBeanFactory beans = (AbstractBeanFactory) context.getBeanFactory();
        scope.schedules().install(beans);
        ApplicationEventMulticaster events = beans.getBean(
                AbstractApplicationContext.APPLICATION_EVENT_MULTICASTER_BEAN_NAME, ApplicationEventMulticaster.class);
        // The proxy hears what is published; the bean behind it would hear it twice.
        scope.marked().forEach(bean -> events.removeApplicationListenerBean(bean.targetName()));
        closed = false;
        running = true;
    }

    /** After the node has left the cluster, which lays everything down; so there is something to do only if that failed. */
    @Override
    public void stop() {
        closed = true;
        running = false;
        if (!lockOrInterrupt()) {
            log.error("Bean '{}' is still being made and cannot be stopped with the application", status.bean());
            return;
        }
        try {
            demote("The application stops");
        } finally {
            scope.work().unlock();
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Just below the node's own life cycle, which has the highest phase. */
    @Override
    public int getPhase() {
        return SmartLifecycle.DEFAULT_PHASE - 1;
    }

    @Override
    public void onApplicationEvent(ApplicationContextEvent event) {
        if (event.getApplicationContext() != context) {
            return;
        }
        if (event instanceof ContextRefreshedEvent) {
            refreshed.countDown();
        } else if (event instanceof ContextClosedEvent) {
            closed = true;
            if (scope.phase() == Phase.OPENING) {
                scope.worker().interrupt();
            }
        }
    }

    /** Last: who hears with Spring that the application is complete, as the scheduling does, has heard it. */
    @Override
    public int getOrder() {
        return LOWEST_PRECEDENCE;
    }

    private List<String> oldestFirst() {
        ArrayList<String> names = new ArrayList<>(scope.newestFirst());
        Collections.reverse(names);
        return names;
    }

    private void to(State state) {
        status = status.in(state, clock.instant());
    }

    private long millisSince(long start) {
        return (nanoTime.getAsLong() - start) / 1_000_000;
    }

    /** What is being done with which bean; called by whoever holds the lock. */
    private final class Progress implements PrimaryScope.Watch, MarkedLifecycles.Watch {

        private final Set<String> ready = new HashSet<>();
        private final ArrayDeque<Step> steps = new ArrayDeque<>();

        /** The innermost bean in whose step an exception began. */
        private @Nullable String failing;

        private record Step(String bean, long since) {}

        void reset() {
            ready.clear();
            steps.clear();
            failing = null;
            show();
        }

        void on(MarkedBean bean) {
            steps.addLast(new Step(bean.name(), nanoTime.getAsLong()));
            failing = bean.name();
            show();
        }

        void done(MarkedBean bean) {
            Step step = steps.pollLast();
            failing = steps.isEmpty() ? null : steps.getLast().bean();
            if (step != null && millisSince(step.since()) > SLOW.toMillis()) {
                log.info("Bean '{}' took {} ms", bean.name(), millisSince(step.since()));
            }
            show();
        }

        /** On the way down one follows the other, and nothing is noted as failing any more. */
        void stepTo(String name) {
            steps.clear();
            steps.addLast(new Step(name, nanoTime.getAsLong()));
            show();
        }

        void gone(String name) {
            ready.remove(name);
            steps.clear();
            show();
        }

        private void show() {
            status = status.at(
                    ready.size(), steps.isEmpty() ? null : steps.getLast().bean());
        }

        private void ready(MarkedBean bean) {
            if (!bean.lazy()) {
                ready.add(bean.name());
            }
        }

        @Override
        public void making(MarkedBean bean) {
            on(bean);
        }

        @Override
        public void made(MarkedBean bean, Object instance) {
            if (!MarkedLifecycles.isStarted(instance)) {
                ready(bean);
            }
            done(bean);
            if (scope.phase() == Phase.OPEN) {
                scope.schedules().begin(bean, instance);
            }
        }

        /** Keeps {@link #failing}: the exception goes up through the beans that wanted this one. */
        @Override
        public void notMade(MarkedBean bean) {
            steps.pollLast();
            if (scope.phase() == Phase.OPEN) {
                failing = null;
            }
            show();
        }

        @Override
        public void starting(MarkedBean bean) {
            on(bean);
        }

        @Override
        public void started(MarkedBean bean) {
            ready(bean);
            done(bean);
        }

        @Override
        public void stopping(MarkedBean bean) {
            stepTo(bean.name());
        }
    }
}
