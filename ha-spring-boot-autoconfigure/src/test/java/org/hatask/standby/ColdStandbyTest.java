package org.hatask.standby;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import org.hatask.HaException;
import org.hatask.PrimaryOnly;
import org.hatask.StandbyException;
import org.hatask.standby.StandbyStatus.State;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.DependsOn;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Primary;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.stereotype.Component;

/** Promotion and demotion in one application, without a cluster. */
@Timeout(60)
class ColdStandbyTest {

    /** What happened, in order. */
    private static final List<String> LOG = new CopyOnWriteArrayList<>();

    private static AnnotationConfigApplicationContext context;

    @BeforeEach
    void clear() {
        LOG.clear();
        Feed.failsToStart = false;
        Book.constructing = new CountDownLatch(0);
    }

    @AfterEach
    void close() {
        if (context != null) {
            context.close();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Standby {

        @Bean
        static PrimaryOnlyBeans primaryOnlyBeans() {
            return new PrimaryOnlyBeans();
        }

        @Bean
        ColdStandby coldStandby(
                ConfigurableApplicationContext application, PrimaryOnlyBeans marked, Environment environment) {
            return new ColdStandby(application, marked, Duration.ofSeconds(10), Clock.systemUTC(), System::nanoTime);
        }
    }

    private static ColdStandby start(Class<?>... classes) {
        return start(new AnnotationConfigApplicationContext(), classes);
    }

    private static ColdStandby start(AnnotationConfigApplicationContext application, Class<?>... classes) {
        context = application;
        context.register(Standby.class);
        context.register(classes);
        context.refresh();
        return context.getBean(ColdStandby.class);
    }

    // Registered against the order of their dependencies: the desk needs the feed, and the feed the book.

    @PrimaryOnly
    @Component("desk")
    static class Desk implements SmartInitializingSingleton {

        @Autowired
        private Feed feed;

        @Autowired
        private Shop shop;

        Desk() {
            LOG.add("new desk");
        }

        @PostConstruct
        void open() {
            LOG.add("open desk over " + feed.price());
        }

        @Override
        public void afterSingletonsInstantiated() {
            LOG.add("desk complete");
        }

        String trade() {
            return "traded at " + feed.price();
        }

        @PreDestroy
        void shut() {
            LOG.add("shut desk");
        }
    }

    @PrimaryOnly
    @Component("feed")
    static class Feed implements SmartLifecycle {

        static boolean failsToStart;

        private final Book book;
        private volatile boolean running;

        Feed(Book book) {
            this.book = book;
            LOG.add("new feed");
        }

        int price() {
            return book.price();
        }

        @Override
        public void start() {
            LOG.add("start feed");
            if (failsToStart) {
                throw new IllegalStateException("no line to the exchange");
            }
            running = true;
        }

        @Override
        public void stop() {
            LOG.add("stop feed");
            running = false;
        }

        @Override
        public boolean isRunning() {
            return running;
        }

        @PreDestroy
        void destroy() {
            LOG.add("destroy feed");
        }
    }

    @PrimaryOnly
    @Component("book")
    static class Book implements SmartLifecycle {

        static CountDownLatch constructing = new CountDownLatch(0);

        private volatile boolean running;

        Book() throws InterruptedException {
            LOG.add("new book");
            constructing.await();
        }

        int price() {
            return 42;
        }

        @Override
        public void start() {
            LOG.add("start book");
            running = true;
        }

        @Override
        public void stop() {
            LOG.add("stop book");
            running = false;
        }

        @Override
        public void stop(Runnable callback) {
            CompletableFuture.runAsync(() -> {
                stop();
                callback.run();
            });
        }

        @Override
        public boolean isRunning() {
            return running;
        }

        @Override
        public int getPhase() {
            return 7;
        }

        @PreDestroy
        void destroy() {
            LOG.add("destroy book");
        }
    }

    /** Lives on every node. */
    @Component("shop")
    static class Shop {

        private final Desk desk;

        Shop(Desk desk) {
            this.desk = desk;
        }

        String trade() {
            return desk.trade();
        }
    }

    private static final Class<?>[] TRADING = {Desk.class, Feed.class, Book.class, Shop.class};

    @Test
    void onStandbyNothingMarkedIsMadeAndCallsSaySo() {
        ColdStandby standby = start(TRADING);

        assertThat(LOG).isEmpty();
        assertThat(standby.status().state()).isEqualTo(State.STANDBY);
        assertThat(standby.status().total()).isEqualTo(3);
        assertThatExceptionOfType(StandbyException.class)
                .isThrownBy(context.getBean(Shop.class)::trade)
                .withMessageContaining("'desk'")
                .withMessageContaining("on standby")
                .withMessageContaining("/actuator/ha");
        assertThat(LOG).isEmpty();
    }

    @Test
    void aPromotionMakesThemInTheOrderOfTheirDependenciesAndStartsThemByPhase() throws Exception {
        ColdStandby standby = start(TRADING);

        standby.takeUp(1);

        assertThat(LOG)
                .containsExactly(
                        "new desk",
                        "new book",
                        "new feed",
                        "open desk over 42",
                        "desk complete",
                        "start book",
                        "start feed");
        assertThat(standby.status()).satisfies(status -> {
            assertThat(status.state()).isEqualTo(State.ACTIVE);
            assertThat(status.started()).isEqualTo(3);
            assertThat(status.bean()).isNull();
        });
        assertThat(context.getBean(Shop.class).trade()).isEqualTo("traded at 42");
    }

    @Test
    void aDemotionStopsThemByFallingPhaseAndDestroysThemTheOtherWayRound() throws Exception {
        ColdStandby standby = start(TRADING);
        standby.takeUp(1);
        LOG.clear();

        standby.layDown(1);

        assertThat(LOG).containsExactly("stop feed", "stop book", "shut desk", "destroy feed", "destroy book");
        assertThat(standby.status().state()).isEqualTo(State.STANDBY);
        assertThat(standby.status().started()).isZero();
        assertThat(catchThrowable(context.getBean(Shop.class)::trade)).isInstanceOf(StandbyException.class);
    }

    @Test
    void whereABeanFailsEverythingIsUndoneAndTheNextPromotionWorks() throws Exception {
        ColdStandby standby = start(TRADING);
        Feed.failsToStart = true;

        assertThatExceptionOfType(HaException.class)
                .isThrownBy(() -> standby.takeUp(1))
                .withMessageContaining("'feed'")
                .withMessageContaining("no line to the exchange");

        assertThat(LOG).endsWith("start feed", "stop book", "shut desk", "destroy feed", "destroy book");
        assertThat(standby.status().state()).isEqualTo(State.FAILED);
        assertThat(standby.status().problem()).contains("'feed'", "no line to the exchange");
        assertThat(standby.status().started()).isZero();
        assertThat(catchThrowable(context.getBean(Shop.class)::trade)).isInstanceOf(StandbyException.class);

        Feed.failsToStart = false;
        standby.takeUp(2);

        assertThat(standby.status().state()).isEqualTo(State.ACTIVE);
        assertThat(standby.status().problem()).isNull();
        assertThat(context.getBean(Shop.class).trade()).isEqualTo("traded at 42");
    }

    @PrimaryOnly
    @Component("broken")
    static class Broken {

        Broken(Desk desk) throws ClassNotFoundException {
            desk.trade();
            throw new NoClassDefFoundError("com/example/Missing");
        }
    }

    @Test
    void notEvenAMissingClassLeavesHalfOfThemRunning() {
        ColdStandby standby = start(Broken.class, Desk.class, Feed.class, Book.class, Shop.class);

        assertThatExceptionOfType(HaException.class)
                .isThrownBy(() -> standby.takeUp(1))
                .withMessageContaining("'broken'")
                .withMessageContaining("com/example/Missing");

        assertThat(LOG).endsWith("shut desk", "destroy feed", "destroy book");
        assertThat(standby.status().state()).isEqualTo(State.FAILED);
    }

    @Test
    void whereTheWholeApplicationIsLazyAPromotionStartsTheMarkedBeansAllTheSame() throws Exception {
        AnnotationConfigApplicationContext lazy = new AnnotationConfigApplicationContext();
        lazy.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor());
        ColdStandby standby = start(lazy, TRADING);

        standby.takeUp(1);

        assertThat(standby.status().started()).isEqualTo(3);
        assertThat(LOG).contains("start book", "start feed", "open desk over 42");
    }

    @Test
    void theWrongOrderDoesNoHarm() throws Exception {
        ColdStandby standby = start(TRADING);

        standby.layDown(1);
        assertThat(standby.status().state()).isEqualTo(State.STANDBY);
        standby.takeUp(1);
        standby.takeUp(1);
        assertThat(LOG).containsOnlyOnce("new desk");
        standby.layDown(1);
        standby.layDown(1);

        assertThat(LOG).containsOnlyOnce("shut desk");
    }

    @Test
    void theEndOfTheApplicationStopsThemInOrder() throws Exception {
        ColdStandby standby = start(TRADING);
        standby.takeUp(1);
        LOG.clear();

        context.close();

        assertThat(LOG).containsExactly("stop feed", "stop book", "shut desk", "destroy feed", "destroy book");
    }

    @Test
    void theEndOfTheApplicationEndsAPromotionThatIsUnderWay() throws Exception {
        ColdStandby standby = start(TRADING);
        Book.constructing = new CountDownLatch(1);
        CompletableFuture<Throwable> promotion =
                CompletableFuture.supplyAsync(() -> catchThrowable(() -> standby.takeUp(1)));
        await().until(() -> LOG.contains("new book"));
        assertThat(standby.status().state()).isEqualTo(State.STARTING);
        assertThat(standby.status().bean()).isEqualTo("book");

        context.close();

        assertThat(promotion.join()).hasMessageContaining("the application stops");
        assertThat(standby.status().state()).isEqualTo(State.FAILED);
        assertThat(LOG).doesNotContain("start book", "open desk over 42");
    }

    @Test
    void aPromotionOnlySeesAnotherThreadsCallsForBeansThatAreMade() throws Exception {
        ColdStandby standby = start(TRADING);
        Book.constructing = new CountDownLatch(1);
        CompletableFuture<Void> promotion = CompletableFuture.runAsync(() -> {
            try {
                standby.takeUp(1);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        await().until(() -> LOG.contains("new book"));

        assertThatExceptionOfType(StandbyException.class)
                .isThrownBy(context.getBean(Shop.class)::trade)
                .withMessageContaining("just being promoted");

        Book.constructing.countDown();
        promotion.join();
        assertThat(context.getBean(Shop.class).trade()).isEqualTo("traded at 42");
    }

    @Test
    void theLifeCycleOfTheContextLeavesThemAlone() throws Exception {
        ColdStandby standby = start(TRADING);
        Feed feed = context.getBean(Feed.class);
        AtomicInteger called = new AtomicInteger();

        assertThat(feed.isRunning()).isFalse();
        assertThat(feed.isAutoStartup()).isFalse();
        assertThat(feed.getPhase()).isEqualTo(SmartLifecycle.DEFAULT_PHASE);
        feed.stop(called::incrementAndGet);
        assertThat(called).hasValue(1);
        assertThat(catchThrowable(feed::start)).isInstanceOf(StandbyException.class);
        assertThat(feed.toString()).contains("feed");
        context.stop();
        context.start();
        assertThat(LOG).isEmpty();

        standby.takeUp(1);
        assertThat(feed.isRunning()).isTrue();
        assertThat(context.getBean(Book.class).getPhase()).isEqualTo(7);
        assertThat(LOG).containsOnlyOnce("start feed");
    }

    @Configuration(proxyBeanMethods = false)
    static class Pool {

        @Bean
        @PrimaryOnly
        ThreadPoolTaskExecutor pool() {
            return new ThreadPoolTaskExecutor();
        }
    }

    @Test
    void whatALibraryBringsCanBeMarkedOnItsBeanMethod() throws Exception {
        ColdStandby standby = start(Pool.class);
        ThreadPoolTaskExecutor pool = context.getBean(ThreadPoolTaskExecutor.class);
        assertThat(catchThrowable(() -> pool.execute(() -> {}))).isInstanceOf(StandbyException.class);

        standby.takeUp(1);

        assertThat(pool.submit(() -> 7).get()).isEqualTo(7);
        ThreadPoolExecutor threads = pool.getThreadPoolExecutor();
        standby.layDown(1);
        assertThat(threads.isShutdown()).isTrue();
    }

    @PrimaryOnly
    @Component("chicken")
    static class Chicken {

        private final Egg egg;

        Chicken(@Lazy Egg egg) {
            this.egg = egg;
        }

        String name() {
            return "chicken";
        }

        String first() {
            return egg.name();
        }
    }

    @PrimaryOnly
    @Component("egg")
    static class Egg {

        private final String name;

        Egg(Chicken chicken) {
            this.name = "egg of " + chicken.name();
        }

        String name() {
            return name;
        }
    }

    @Test
    void aCircleThatIsOpenedByLazyStaysOpenInTheNextPromotion() throws Exception {
        ColdStandby standby = start(Chicken.class, Egg.class);
        for (int epoch = 1; epoch <= 2; epoch++) {
            standby.takeUp(epoch);
            assertThat(context.getBean(Chicken.class).first()).isEqualTo("egg of chicken");
            standby.layDown(epoch);
        }
    }

    @Test
    void theOrderIsTheSameInEveryPromotion() throws Exception {
        ColdStandby standby = start(TRADING);
        standby.takeUp(1);
        List<String> first = List.copyOf(LOG);
        standby.layDown(1);
        LOG.clear();

        standby.takeUp(2);

        assertThat(LOG)
                .containsSubsequence("new book", "new feed", "open desk over 42", "desk complete", "start book")
                .containsExactlyInAnyOrderElementsOf(first);
    }

    // ---- scheduling

    @PrimaryOnly
    @Component("ticker")
    static class Ticker {

        final AtomicInteger ticks = new AtomicInteger();

        @Scheduled(fixedRate = 10)
        void tick() {
            if (ticks.getAndIncrement() == 0) {
                LOG.add("first tick");
            }
        }

        int ticks() {
            return ticks.get();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableScheduling
    static class Scheduling {

        @Bean
        ThreadPoolTaskScheduler taskScheduler() {
            return new ThreadPoolTaskScheduler();
        }
    }

    /** Advice of the application before the bean, of which Spring's scheduling knows nothing when it destroys it. */
    static class Advice implements BeanPostProcessor {

        @Override
        public Object postProcessAfterInitialization(Object bean, String beanName) {
            if (!(bean instanceof Ticker) || bean instanceof AopInfrastructureBean) {
                return bean;
            }
            ProxyFactory proxy = new ProxyFactory(bean);
            proxy.setProxyTargetClass(true);
            return proxy.getProxy();
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {Object.class, Advice.class})
    void schedulesBeginWhenAllBeansStandAndEndAtDemotion(Class<?> advice) throws Exception {
        ColdStandby standby = start(advice, Ticker.class, Feed.class, Book.class, Scheduling.class);
        ThreadPoolTaskScheduler scheduler = context.getBean(ThreadPoolTaskScheduler.class);
        assertThat(scheduler.getScheduledThreadPoolExecutor().getQueue()).isEmpty();

        for (int epoch = 1; epoch <= 2; epoch++) {
            LOG.clear();
            standby.takeUp(epoch);
            await().until(() -> context.getBean(Ticker.class).ticks() > 3);
            assertThat(LOG).containsSubsequence("start feed", "first tick");

            standby.layDown(epoch);
            await().until(() -> scheduler.getActiveCount() == 0
                    && scheduler.getScheduledThreadPoolExecutor().getQueue().stream()
                            .allMatch(task -> ((Future<?>) task).isCancelled()));
        }
    }

    @Test
    void whereAPromotionFailsNothingScheduledHasRun() {
        Feed.failsToStart = true;
        ColdStandby standby = start(Ticker.class, Feed.class, Book.class, Scheduling.class);

        assertThat(catchThrowable(() -> standby.takeUp(1))).isInstanceOf(HaException.class);

        assertThat(context.getBean(ThreadPoolTaskScheduler.class)
                        .getScheduledThreadPoolExecutor()
                        .getCompletedTaskCount())
                .isZero();
        assertThat(LOG).doesNotContain("first tick");
    }

    // ---- events

    @PrimaryOnly
    @Component("ear")
    static class Ear {

        Ear() {
            LOG.add("new ear");
        }

        @EventListener
        int on(String event) {
            LOG.add("heard " + event);
            return 1;
        }
    }

    @PrimaryOnly
    @Component("oldEar")
    static class OldEar implements ApplicationListener<PayloadApplicationEvent<String>> {

        @Override
        public void onApplicationEvent(PayloadApplicationEvent<String> event) {
            LOG.add("old ear heard " + event.getPayload());
        }
    }

    @Test
    void listenersHearNothingOnStandbyAndEverythingOnceOnThePrimary() throws Exception {
        ColdStandby standby = start(Ear.class, OldEar.class);
        context.publishEvent("one");
        assertThat(LOG).isEmpty();

        standby.takeUp(1);
        context.publishEvent("two");
        assertThat(LOG).containsExactlyInAnyOrder("new ear", "heard two", "old ear heard two");

        standby.layDown(1);
        context.publishEvent("three");
        assertThat(LOG).doesNotContain("heard three", "old ear heard three");
    }

    // ---- injection

    interface Rate {
        String name();
    }

    record FixedRate(String name) implements Rate {}

    static class Quotes {

        private final String name;

        Quotes(String name) {
            this.name = name;
            LOG.add("new " + name);
        }

        String name() {
            return name;
        }

        Quotes self() {
            return this;
        }
    }

    static class Needed {}

    static class Ranked implements Ordered {

        @Override
        public int getOrder() {
            return 3;
        }
    }

    @Configuration
    static class Injection {

        @Bean
        @PrimaryOnly
        @DependsOn("needed")
        @Order(2)
        Quotes second() {
            return new Quotes("second");
        }

        @Bean
        @PrimaryOnly
        @Primary
        @Order(1)
        Quotes first() {
            return new Quotes("first");
        }

        @Bean
        @PrimaryOnly
        @Qualifier("special")
        @Lazy
        Quotes third() {
            return new Quotes("third");
        }

        @Bean
        @PrimaryOnly
        Needed needed() {
            LOG.add("new needed");
            return new Needed();
        }

        @Bean({"rate", "alias"})
        @PrimaryOnly
        Rate rate() {
            LOG.add("rate over " + first().name());
            return new FixedRate("fixed");
        }

        @Bean
        @PrimaryOnly
        Ranked ranked() {
            return new Ranked();
        }

        @Bean
        Injected injected(
                Quotes quotes, @Qualifier("special") Quotes special, List<Quotes> all, Rate rate, List<Ranked> ranked) {
            return new Injected(quotes, special, all, rate, ranked);
        }
    }

    record Injected(Quotes quotes, Quotes special, List<Quotes> all, Rate rate, List<Ranked> ranked) {}

    @Test
    void qualifiersPrimaryOrderLazyAndDependsOnSurvive() throws Exception {
        ColdStandby standby = start(Injection.class);
        Injected injected = context.getBean(Injected.class);
        assertThat(LOG).isEmpty();

        standby.takeUp(1);

        assertThat(LOG).containsSubsequence("new needed", "new second").doesNotContain("new third");
        assertThat(LOG).containsOnlyOnce("new first").contains("rate over first");
        assertThat(injected.quotes().name()).isEqualTo("first");
        assertThat(injected.quotes()).isEqualTo(context.getBean("first")).isNotEqualTo(injected.special());
        assertThat(injected.quotes().self()).as("no bean escapes its proxy").isSameAs(injected.quotes());
        assertThat(injected.rate().name()).isEqualTo("fixed");
        assertThat(context.getBean("alias")).isSameAs(injected.rate());
        assertThat(injected.ranked().get(0).getOrder()).isEqualTo(3);
        assertThat(standby.status().started())
                .isEqualTo(standby.status().total())
                .isEqualTo(5);

        assertThat(injected.special().name()).isEqualTo("third");
        assertThat(LOG).containsOnlyOnce("new third");
        assertThat(injected.all()).extracting(Quotes::name).containsExactly("first", "second", "third");

        standby.layDown(1);
        assertThat(context.getBeanFactory().getBeansOfType(Quotes.class).values())
                .as("a look-up of all is no error on standby")
                .allSatisfy(quotes -> assertThat(AopUtils.isCglibProxy(quotes)).isTrue());
    }

    @Test
    void aPromotionBeforeTheApplicationIsCompleteWaitsForIt() throws Exception {
        ColdStandby standby = start(EarlyPromotion.class, Desk.class, Feed.class, Book.class, Shop.class);

        assertThat(context.getBean(EarlyPromotion.class).result.join()).isEqualTo("refreshed");
        assertThat(standby.status().state()).isEqualTo(State.ACTIVE);
    }

    @Component
    static class EarlyPromotion implements SmartLifecycle {

        private final ObjectProvider<ColdStandby> standby;
        private volatile CompletableFuture<String> result = new CompletableFuture<>();
        private volatile String atRefresh = "";

        EarlyPromotion(ObjectProvider<ColdStandby> standby) {
            this.standby = standby;
        }

        @Override
        public void start() {
            result = CompletableFuture.supplyAsync(() -> {
                try {
                    standby.getObject().takeUp(1);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return atRefresh;
            });
        }

        @EventListener
        @Order(0)
        void refreshed(ContextRefreshedEvent event) {
            atRefresh = LOG.isEmpty() ? "refreshed" : "too early: " + LOG;
        }

        @Override
        public void stop() {}

        @Override
        public boolean isRunning() {
            return false;
        }
    }
}
