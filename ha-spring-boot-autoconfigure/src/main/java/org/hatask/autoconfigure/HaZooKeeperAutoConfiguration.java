package org.hatask.autoconfigure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.MasterDuties;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.MastershipListener;
import org.hatask.cluster.Membership;
import org.hatask.cluster.Operations;
import org.hatask.execute.TaskExecutor;
import org.hatask.lifecycle.ClusterEvents;
import org.hatask.lifecycle.MasterRole;
import org.hatask.zookeeper.ZooKeeperClients;
import org.hatask.zookeeper.ZooKeeperElection;
import org.hatask.zookeeper.ZooKeeperMembership;
import org.hatask.zookeeper.ZooKeeperOperations;
import org.hatask.zookeeper.ZooKeeperSettings;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;
import org.springframework.util.function.SingletonSupplier;

/** Who is in the cluster and who leads it, by ZooKeeper. */
@AutoConfiguration
@ConditionalOnProperty(prefix = "ha", name = "enabled", matchIfMissing = true)
@EnableConfigurationProperties(HaProperties.class)
public class HaZooKeeperAutoConfiguration {

    @Bean
    ClusterName haClusterName(HaProperties properties, Environment environment) {
        return ClusterName.of(properties, environment);
    }

    @Bean(destroyMethod = "close")
    HaThreads haThreads() {
        return HaThreads.start();
    }

    @Bean
    NodeIdentity haNodeIdentity(HaProperties properties, ApplicationContext context) {
        HaProperties.Zookeeper zookeeper = properties.zookeeper();
        return new NodeIdentity(properties.node(), CoordinationServer.connectString(zookeeper), context);
    }

    @Bean
    ClusterState haClusterState(NodeIdentity identity, HaThreads threads) {
        return new ClusterState(identity.provisional(), threads.events());
    }

    @Bean(destroyMethod = "close")
    CoordinationServer haCoordinationServer(HaProperties properties, ClusterName cluster, NodeIdentity identity) {
        HaProperties.Zookeeper zookeeper = properties.zookeeper();
        String external = zookeeper.connectString();
        if (StringUtils.hasText(external)) {
            return CoordinationServer.external(zookeeper, external);
        }
        if (zookeeper.embedded().ensemble().isEmpty()) {
            return CoordinationServer.development(zookeeper);
        }
        Path configured = zookeeper.embedded().dataDir();
        Path dataDir = configured != null
                ? configured
                : Path.of(System.getProperty("user.home"), ".ha-task", cluster.value(), identity.id());
        return CoordinationServer.ensemble(zookeeper, identity.id(), dataDir);
    }

    @Bean
    ZooKeeperClients haZooKeeperClients(HaProperties properties, ClusterName cluster, CoordinationServer server) {
        return new ZooKeeperClients(new ZooKeeperSettings(
                cluster.value(),
                server.connectString(),
                properties.zookeeper().sessionTimeout(),
                server.tickTime(),
                properties.zookeeper().connectionTimeout(),
                properties.zookeeper().auth(),
                server.own()));
    }

    @Bean
    @ConditionalOnMissingBean
    Membership haMembership(ZooKeeperClients clients, ClusterState cluster) {
        return new ZooKeeperMembership(clients, cluster);
    }

    @Bean
    @ConditionalOnMissingBean
    MasterElection haMasterElection(
            HaProperties properties, ZooKeeperClients clients, ClusterState cluster, MasterRole role) {
        return switch (properties.strategy()) {
            case LEADER_LATCH -> ZooKeeperElection.leaderLatch(clients, cluster, role);
            case LOWEST_NODE_ID -> ZooKeeperElection.lowestNodeId(clients, cluster, role);
            case MANUAL -> ZooKeeperElection.assigned(clients, cluster, role);
        };
    }

    @Bean(destroyMethod = "close")
    ZooKeeperOperations haOperations(HaProperties properties, ZooKeeperClients clients, ClusterState cluster) {
        return new ZooKeeperOperations(
                clients,
                cluster,
                properties.strategy() == HaProperties.Strategy.MANUAL,
                properties.election().waitTime());
    }

    /** The executor knows the mastership and is told of its end, so what the role needs is looked up late. */
    @Bean
    MasterRole haMasterRole(
            BeanFactory beans,
            HaThreads threads,
            ClusterEvents events,
            ObjectProvider<RoleReadiness> readiness,
            ObjectProvider<MasterDuties> duties,
            Environment environment) {
        return new MasterRole(
                SingletonSupplier.of(() -> new MasterRole.Parts(
                        beans.getBean(TaskExecutor.class),
                        beans.getBean(MasterElection.class),
                        beans.getBean(Operations.class),
                        duties.getIfAvailable(() -> MasterDuties.NONE))),
                new Audience(threads.events(), events, SingletonSupplier.of(readiness::getObject)),
                threads.duties(),
                drainTimeout(environment));
    }

    /** How long running tasks may take to end before a stop or a hand-over. */
    static Duration drainTimeout(Environment environment) {
        return environment.getProperty(
                "spring.lifecycle.timeout-per-shutdown-phase", Duration.class, Duration.ofSeconds(30));
    }

    /** Listeners of the application are told on the thread that tells them everything. */
    private record Audience(Executor later, ClusterEvents events, Supplier<RoleReadiness> readiness)
            implements MastershipListener {

        @Override
        public void gained(long epoch) {
            later.execute(() -> {
                readiness.get().changed();
                events.gained(epoch);
            });
        }

        @Override
        public void lost(long epoch, String cause) {
            later.execute(() -> {
                readiness.get().changed();
                events.lost(epoch, cause);
            });
        }

        /** Traffic is refused before the beans of the primary stop. */
        @Override
        public CompletableFuture<?> handingOver(long epoch, String cause) {
            return CompletableFuture.runAsync(() -> readiness.get().changed(), later);
        }
    }
}
