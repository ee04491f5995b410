package org.hatask.standby;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.Lifecycle;
import org.springframework.context.Phased;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.support.DefaultLifecycleProcessor;

/**
 * Starts and stops the marked beans that have a life cycle, by the rules by which Spring does it for all others: phases,
 * dependencies, {@code isAutoStartup}, and stopping with a callback and a bound. The context's own processor leaves them
 * alone, since what it sees under their names are factories of proxies.
 */
final class MarkedLifecycles extends DefaultLifecycleProcessor {

    private final PrimaryScope scope;
    private final Watch watch;

    /** Hears what is being started and stopped. */
    interface Watch {

        void starting(MarkedBean bean);

        void started(MarkedBean bean);

        void stopping(MarkedBean bean);
    }

    MarkedLifecycles(ConfigurableListableBeanFactory beans, PrimaryScope scope, Duration stopTimeout, Watch watch) {
        this.scope = scope;
        this.watch = watch;
        setBeanFactory(beans);
        setTimeoutPerShutdownPhase(stopTimeout.toMillis());
    }

    /** Whether a promotion starts the bean. */
    static boolean isStarted(@Nullable Object instance) {
        return instance instanceof SmartLifecycle smart && smart.isAutoStartup();
    }

    @Override
    protected Map<String, Lifecycle> getLifecycleBeans() {
        Map<String, Lifecycle> beans = new LinkedHashMap<>();
        // In the order in which they were made.
        var newestFirst = scope.newestFirst();
        for (int i = newestFirst.size() - 1; i >= 0; i--) {
            MarkedBean bean = scope.marked(newestFirst.get(i));
            Object instance = scope.existing(bean);
            if (instance instanceof SmartLifecycle smart) {
                beans.put(bean.name(), new WatchedSmart(bean, smart, watch));
            } else if (instance instanceof Lifecycle plain) {
                beans.put(bean.name(), new Watched(bean, plain, watch));
            }
        }
        return beans;
    }

    private record Watched(MarkedBean bean, Lifecycle delegate, Watch watch) implements Lifecycle, Phased {

        @Override
        public void start() {
            watch.starting(bean);
            delegate.start();
            watch.started(bean);
        }

        @Override
        public void stop() {
            watch.stopping(bean);
            delegate.stop();
        }

        @Override
        public boolean isRunning() {
            return delegate.isRunning();
        }

        @Override
        public int getPhase() {
            return delegate instanceof Phased phased ? phased.getPhase() : 0;
        }
    }

    private record WatchedSmart(MarkedBean bean, SmartLifecycle delegate, Watch watch) implements SmartLifecycle {

        @Override
        public void start() {
            watch.starting(bean);
            delegate.start();
            watch.started(bean);
        }

        @Override
        public void stop() {
            watch.stopping(bean);
            delegate.stop();
        }

        @Override
        public void stop(Runnable callback) {
            watch.stopping(bean);
            delegate.stop(callback);
        }

        @Override
        public boolean isRunning() {
            return delegate.isRunning();
        }

        @Override
        public boolean isAutoStartup() {
            return delegate.isAutoStartup();
        }

        @Override
        public int getPhase() {
            return delegate.getPhase();
        }
    }
}
