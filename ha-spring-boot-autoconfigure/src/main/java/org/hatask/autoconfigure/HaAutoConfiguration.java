package org.hatask.autoconfigure;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.hatask.HaCluster;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Membership;
import org.hatask.cluster.NodeTasks;
import org.hatask.dispatch.Dispatcher;
import org.hatask.dispatch.HaTaskInterceptor;
import org.hatask.dispatch.LoadBalancerNodeChooser;
import org.hatask.dispatch.NodeChooser;
import org.hatask.dispatch.NodeLoads;
import org.hatask.dispatch.RetryBudget;
import org.hatask.dispatch.Strategies;
import org.hatask.dispatch.TaskLoadBalancer;
import org.hatask.durable.DurableTasks;
import org.hatask.durable.TaskManager;
import org.hatask.durable.TaskStore;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.ExecutorSettings;
import org.hatask.execute.InvalidTaskException;
import org.hatask.execute.JacksonArgumentCodec;
import org.hatask.execute.TaskDefaults;
import org.hatask.execute.TaskDefinitionFactory;
import org.hatask.execute.TaskExecutor;
import org.hatask.execute.TaskInvoker;
import org.hatask.execute.TaskObserver;
import org.hatask.execute.TaskOverride;
import org.hatask.failure.NodeHealth;
import org.hatask.lifecycle.ClusterEvents;
import org.hatask.lifecycle.CrashTakeover;
import org.hatask.lifecycle.LocalCluster;
import org.hatask.lifecycle.MasterRole;
import org.hatask.lifecycle.NodeLifecycle;
import org.hatask.link.LinkTransport;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.AnnotatedBeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.LazyInitializationExcludeFilter;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.reactive.ReactiveLoadBalancer;
import org.springframework.cloud.loadbalancer.annotation.LoadBalancerClientSpecification;
import org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer;
import org.springframework.cloud.loadbalancer.support.LoadBalancerClientFactory;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.util.function.SingletonSupplier;

/** The engine: tasks are found, dispatched and executed, and the node joins and leaves with the application. */
@AutoConfiguration(
        after = {HaZooKeeperAutoConfiguration.class, HaLinkAutoConfiguration.class},
        afterName = "org.springframework.cloud.loadbalancer.config.LoadBalancerAutoConfiguration")
@ConditionalOnProperty(prefix = "ha", name = "enabled", matchIfMissing = true)
@EnableConfigurationProperties(HaProperties.class)
@Import(HaFailureConfiguration.class)
public class HaAutoConfiguration {

    /** Static, and what it needs looked up late, so that no other bean is made before its time because of it. */
    @Bean
    static HaTaskBeanPostProcessor haTaskBeanPostProcessor(ConfigurableListableBeanFactory beans) {
        return new HaTaskBeanPostProcessor(
                beans,
                () -> beans.getBean(TaskDefinitionFactory.class),
                () -> new HaTaskInterceptor.Engine(
                        beans.getBean(Dispatcher.class),
                        beans.getBean(TaskInvoker.class),
                        beans.getBean(ClusterState.class),
                        beans.getBean(MasterElection.class).mastership(),
                        beans.getBean(DurableTasks.class)));
    }

    /** Lazy initialisation is for what the application does: the engine works by itself, not when somebody asks for it. */
    @Bean
    static LazyInitializationExcludeFilter haIsNotLazy() {
        String here = HaAutoConfiguration.class.getPackageName() + ".";
        return (name, definition, type) -> definition instanceof AnnotatedBeanDefinition annotated
                && annotated.getFactoryMethodMetadata() != null
                && annotated.getFactoryMethodMetadata().getDeclaringClassName().startsWith(here);
    }

    @Bean
    TaskDefinitionFactory haTaskDefinitionFactory(HaProperties properties, Environment environment) {
        TaskDefaults defaults = new TaskDefaults(
                properties.dispatch().timeout(),
                properties.failureDetection().slowAfter(),
                properties.failureDetection().maxTaskDuration());
        return new TaskDefinitionFactory(
                environment::resolveRequiredPlaceholders,
                defaults,
                properties.topology() == HaProperties.Topology.PRIMARY_BACKUP,
                properties.tasks(),
                properties.dispatch().balance());
    }

    @Bean
    TaskRegistrar haTaskRegistrar(
            ConfigurableListableBeanFactory beans,
            HaTaskBeanPostProcessor processor,
            TaskDefinitionFactory definitions,
            HaProperties properties) {
        Map<String, TaskOverride> configured = properties.tasks();
        return new TaskRegistrar(beans, processor, definitions, configured.keySet());
    }

    @Bean
    TaskInvoker haTaskInvoker(BeanFactory beans) {
        return new TaskInvoker(beans);
    }

    @Bean
    @ConditionalOnMissingBean
    ArgumentCodec haArgumentCodec(HaProperties properties) {
        return new JacksonArgumentCodec(
                Math.toIntExact(properties.link().maxMessageSize().toBytes()));
    }

    @Bean
    TaskExecutor haTaskExecutor(
            HaProperties properties,
            MasterElection election,
            ClusterState cluster,
            TaskInvoker invoker,
            ObjectProvider<TaskObserver> observers) {
        return new TaskExecutor(
                new ExecutorSettings(
                        properties.executor().effectiveThreads(),
                        properties.executor().queueCapacity()),
                election.mastership(),
                () -> cluster.view().self(),
                invoker,
                System::nanoTime,
                TaskObserver.of(observers.orderedStream().toList()));
    }

    /** Tasks in flight on every node. */
    @Bean
    NodeLoads haNodeLoads(
            HaProperties properties, ClusterState cluster, TaskExecutor executor, LinkTransport transport) {
        NodeLoads loads = new NodeLoads(
                () -> cluster.view().self(),
                executor::inFlight,
                properties.link().heartbeatInterval(),
                System::nanoTime);
        transport.addReportListener(loads);
        cluster.addListener((before, after) -> loads.retainOnly(after.members()));
        return loads;
    }

    @Bean
    Strategies haStrategies(HaProperties properties, ClusterState cluster, NodeLoads loads, TaskExecutor executor) {
        return new Strategies(
                () -> cluster.view().self(),
                loads,
                executor.threads(),
                properties.dispatch().preferZone(),
                bound -> ThreadLocalRandom.current().nextInt(bound));
    }

    /**
     * What {@code @LoadBalancerClient} would register, without the warning that it causes on an auto-configuration. Of two
     * specifications for one service the later replaces the earlier, and an application's come before those of
     * auto-configurations; so this one brings the application's along, ahead of ours, which then gives way.
     */
    @Bean
    @ConditionalOnBean(LoadBalancerClientFactory.class)
    @Order(Ordered.LOWEST_PRECEDENCE)
    static LoadBalancerClientSpecification haLoadBalancerSpecification(
            ObjectProvider<LoadBalancerClientSpecification> others) {
        Stream<Class<?>> theirs = others.stream()
                .filter(other -> LoadBalancerNodeChooser.SERVICE_ID.equals(other.getName()))
                .flatMap(other -> Arrays.stream(other.getConfiguration()));
        return new LoadBalancerClientSpecification(
                LoadBalancerNodeChooser.SERVICE_ID,
                Stream.concat(theirs, Stream.of(HaLoadBalancerConfiguration.class))
                        .toArray(Class<?>[]::new));
    }

    @Bean
    @ConditionalOnMissingBean
    NodeChooser haNodeChooser(ObjectProvider<LoadBalancerClientFactory> factory, Strategies strategies) {
        return new LoadBalancerNodeChooser(() -> balancer(factory.getIfAvailable(), strategies));
    }

    /** With Spring Cloud LoadBalancer switched off for the application, ours stays what it is by default. */
    private static ReactiveLoadBalancer<ServiceInstance> balancer(
            @Nullable LoadBalancerClientFactory factory, Strategies strategies) {
        ReactiveLoadBalancer<ServiceInstance> own = factory == null
                ? null
                : factory.getInstance(LoadBalancerNodeChooser.SERVICE_ID, ReactorServiceInstanceLoadBalancer.class);
        return own != null ? own : new TaskLoadBalancer(strategies);
    }

    @Bean
    RetryBudget haRetryBudget(HaProperties properties) {
        return new RetryBudget(
                properties.dispatch().retryShare(), properties.dispatch().retryBudgetMinimum(), System::nanoTime);
    }

    @Bean
    Dispatcher haDispatcher(
            HaProperties properties,
            ClusterState cluster,
            TaskExecutor executor,
            LinkTransport transport,
            NodeChooser chooser,
            NodeHealth health,
            NodeLoads loads,
            RetryBudget budget,
            HaThreads threads,
            ObjectProvider<TaskObserver> observers) {
        return new Dispatcher(
                cluster,
                executor,
                transport,
                chooser,
                health,
                properties.strategy() == HaProperties.Strategy.MANUAL,
                loads,
                budget,
                properties.election().waitTime(),
                threads.callbacks(),
                TaskObserver.of(observers.orderedStream().toList()));
    }

    @Bean
    LinkClosing haLinkClosing(Dispatcher dispatcher, LinkTransport transport) {
        return new LinkClosing(dispatcher, transport);
    }

    /** Depends on the node's life cycle, so that it starts after it and stops before it; and the node leaves after its last word. */
    @Bean
    TaskManager haTaskManager(
            HaProperties properties,
            ConfigurableListableBeanFactory beans,
            ClusterState cluster,
            MasterElection election,
            TaskExecutor executor,
            ArgumentCodec codec,
            TaskRegistrar registrar,
            NodeHealth health,
            HaThreads threads,
            ClusterEvents events,
            NodeLifecycle node) {
        TaskManager manager = new TaskManager(
                SingletonSupplier.of(() -> store(beans)),
                properties.durable().settings(executor.threads()),
                new TaskManager.Parts(
                        cluster,
                        election.mastership(),
                        executor,
                        codec,
                        registrar::registry,
                        health,
                        threads.callbacks(),
                        event -> threads.callbacks().execute(() -> events.taskReassigned(event))));
        node.setBeforeLeaving(manager::finish);
        return manager;
    }

    /** The store is made late, but must not be closed before the manager has written its last. */
    private static TaskStore store(ConfigurableListableBeanFactory beans) {
        TaskStore store = beans.getBeanProvider(TaskStore.class).getIfAvailable(() -> {
            throw new InvalidTaskException(
                    "The application has durable tasks but no store to keep them in.",
                    "Set ha.task-store.type to zookeeper, jdbc, or memory for tests and a single node, or define a bean of"
                            + " type TaskStore.");
        });
        for (String name : beans.getBeanNamesForType(TaskStore.class, true, false)) {
            beans.registerDependentBean(name, "haTaskManager");
        }
        return store;
    }

    @Bean
    DurableTasks haTasks(TaskRegistrar registrar, ClusterState cluster, ArgumentCodec codec, TaskManager manager) {
        return new DurableTasks(registrar::registry, cluster, codec, manager);
    }

    @Bean
    HaCluster haCluster(ClusterName name, ClusterState cluster, MasterElection election) {
        return new LocalCluster(name.value(), cluster, election.mastership());
    }

    @Bean
    ClusterEvents haClusterEvents(ClusterName name, ClusterState cluster, ApplicationEventPublisher publisher) {
        ClusterEvents events = new ClusterEvents(name.value(), publisher);
        cluster.addListener(events);
        return events;
    }

    @Bean
    RoleReadiness haRoleReadiness(
            HaProperties properties, ClusterState cluster, MasterRole role, ConfigurableApplicationContext context) {
        boolean onlyThePrimary = properties.topology() == HaProperties.Topology.PRIMARY_BACKUP;
        RoleReadiness readiness = new RoleReadiness(context, cluster, () -> !onlyThePrimary || role.isActive());
        cluster.addListener(readiness);
        return readiness;
    }

    @Bean
    @ConditionalOnProperty(prefix = "ha.election", name = "crash-takeover", matchIfMissing = true)
    CrashTakeover haCrashTakeover(ClusterState cluster, MasterElection election, LinkTransport transport) {
        return new CrashTakeover(cluster, election, transport);
    }

    @Bean
    NodeLifecycle haNodeLifecycle(
            ClusterName name,
            ClusterState cluster,
            NodeIdentity identity,
            TaskRegistrar registrar,
            Coordination coordination,
            Membership membership,
            MasterElection election,
            TaskExecutor executor,
            LinkTransport transport,
            Environment environment) {
        cluster.addListener((before, after) -> transport.retainOnly(after.members()));
        return new NodeLifecycle(
                name.value(),
                cluster,
                () -> identity.complete()
                        .withTasks(NodeTasks.of(registrar.registry().signatures())),
                coordination,
                membership,
                election,
                executor,
                transport,
                HaZooKeeperAutoConfiguration.drainTimeout(environment));
    }
}
