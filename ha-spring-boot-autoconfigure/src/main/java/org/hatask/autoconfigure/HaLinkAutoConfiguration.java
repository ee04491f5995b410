package org.hatask.autoconfigure;

import jakarta.websocket.server.ServerContainer;
import java.util.List;
import java.util.stream.Stream;
import org.hatask.cluster.ClusterState;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.TaskExecutor;
import org.hatask.failure.NodeHealth;
import org.hatask.failure.Overdue;
import org.hatask.failure.StuckTaskWatchdog;
import org.hatask.link.ClusterKeys;
import org.hatask.link.LinkServer;
import org.hatask.link.LinkSettings;
import org.hatask.link.LinkTransport;
import org.hatask.link.NodeReport;
import org.hatask.link.ReactiveLinkServer;
import org.hatask.link.TaskReceiver;
import org.hatask.zookeeper.ZooKeeperClients;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.web.ServerProperties;
import org.springframework.boot.autoconfigure.web.reactive.WebFluxProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.web.context.WebApplicationContext;

/** The connections between nodes. */
@AutoConfiguration(after = HaZooKeeperAutoConfiguration.class)
@ConditionalOnProperty(prefix = "ha", name = "enabled", matchIfMissing = true)
@EnableConfigurationProperties(HaProperties.class)
public class HaLinkAutoConfiguration {

    @Bean
    ClusterKeyBean haClusterKey(HaProperties properties, ZooKeeperClients clients) {
        return ClusterKeyBean.of(properties.security(), clients);
    }

    @Bean
    TaskReceiver haTaskReceiver(TaskRegistrar registrar, ArgumentCodec codec, TaskExecutor executor) {
        return new TaskReceiver(registrar::registry, codec, executor);
    }

    @Bean
    LinkTls haLinkTls(
            HaProperties properties, ObjectProvider<SslBundles> bundles, ObjectProvider<ServerProperties> server) {
        return LinkTls.of(properties.link().ssl().bundle(), bundles.getIfAvailable(), server.getIfAvailable());
    }

    @Bean(destroyMethod = "close")
    LinkTransport haLinkTransport(
            HaProperties properties,
            ClusterName cluster,
            ClusterState state,
            ClusterKeys keys,
            ArgumentCodec codec,
            TaskReceiver receiver,
            TaskExecutor executor,
            StuckTaskWatchdog stuckTasks,
            NodeHealth health,
            LinkTls tls) {
        return new LinkTransport(
                cluster.value(),
                () -> state.view().self(),
                keys,
                codec,
                receiver,
                () -> report(executor, stuckTasks.state(), health.overdueCalls()),
                settings(properties.link()),
                tls);
    }

    private static NodeReport report(TaskExecutor executor, StuckTaskWatchdog.State stuck, List<Overdue> overdueCalls) {
        List<NodeReport.RunningTask> running = executor.running().stream()
                .map(task -> new NodeReport.RunningTask(
                        task.task(), task.taskId(), task.age().toMillis()))
                .toList();
        List<Overdue> overdue = Stream.concat(stuck.overdue().stream(), overdueCalls.stream())
                .distinct()
                .toList();
        return NodeReport.ofThisProcess(executor.inFlight(), running, stuck.suspect(), overdue);
    }

    private static LinkSettings settings(HaProperties.Link link) {
        LinkSettings defaults = LinkSettings.defaults();
        int maxMessage = Math.toIntExact(link.maxMessageSize().toBytes());
        return new LinkSettings(
                link.connectTimeout(),
                link.heartbeatInterval(),
                defaults.missedHeartbeats(),
                maxMessage,
                Math.max(defaults.sendQueueSize(), maxMessage),
                defaults.departedIdle(),
                defaults.maxHandshakes(),
                defaults.maxServed(),
                defaults.flushTimeout());
    }

    /** Where other nodes' links are accepted in applications on a servlet container. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
    @ConditionalOnClass(ServerContainer.class)
    static class Server {

        /** Before every other filter: the link proves who speaks by itself, so nobody needs to let it through. */
        @Bean
        FilterRegistrationBean<LinkServer> haLinkServer(LinkTransport transport) {
            FilterRegistrationBean<LinkServer> registration = new FilterRegistrationBean<>(new LinkServer(transport));
            registration.addUrlPatterns(LinkServer.PATH);
            registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
            registration.setAsyncSupported(true);
            return registration;
        }

        @Bean
        LinkDoor haLinkDoor(WebApplicationContext context) {
            return new LinkDoor.OfServlets(context);
        }
    }

    /** Where they are accepted in reactive applications. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
    @ConditionalOnClass(name = "reactor.netty.http.server.HttpServer")
    static class ReactiveServer {

        @Bean
        ReactiveLinkServer haLinkServer(LinkTransport transport, HaProperties properties, ApplicationContext context) {
            return new ReactiveLinkServer(
                    transport,
                    Math.toIntExact(properties.link().maxMessageSize().toBytes()),
                    context);
        }

        @Bean
        LinkDoor haLinkDoor(ObjectProvider<WebFluxProperties> properties) {
            WebFluxProperties webFlux = properties.getIfAvailable();
            return new LinkDoor.OfNetty(webFlux == null ? null : webFlux.getBasePath());
        }
    }
}
