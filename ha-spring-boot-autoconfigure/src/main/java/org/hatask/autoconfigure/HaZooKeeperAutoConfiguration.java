package org.hatask.autoconfigure;

import java.nio.file.Path;
import java.util.concurrent.Executor;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.MastershipListener;
import org.hatask.cluster.Membership;
import org.hatask.execute.TaskExecutor;
import org.hatask.lifecycle.ClusterEvents;
import org.hatask.zookeeper.LatchElection;
import org.hatask.zookeeper.ZooKeeperClients;
import org.hatask.zookeeper.ZooKeeperMembership;
import org.hatask.zookeeper.ZooKeeperSettings;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/** Who is in the cluster and who leads it, by ZooKeeper. */
@AutoConfiguration
@ConditionalOnProperty(prefix = "ha", name = "enabled", matchIfMissing = true)
@ConditionalOnClass(name = HaLinkAutoConfiguration.WEB_SOCKET)
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
                properties.zookeeper().auth()));
    }

    @Bean
    @ConditionalOnMissingBean
    Membership haMembership(ZooKeeperClients clients, ClusterState cluster) {
        return new ZooKeeperMembership(clients, cluster);
    }

    /** The executor knows the mastership and is told of its end, so one of the two has to look the other up. */
    @Bean
    @ConditionalOnMissingBean
    MasterElection haMasterElection(
            ZooKeeperClients clients,
            ClusterState cluster,
            HaThreads threads,
            ClusterEvents events,
            ObjectProvider<TaskExecutor> executor) {
        return new LatchElection(clients, cluster, new MastershipChanges(threads.events(), events, executor));
    }

    /** Tasks are stopped at once, on the election's thread; listeners of the application are told on another. */
    private record MastershipChanges(Executor later, ClusterEvents events, ObjectProvider<TaskExecutor> executor)
            implements MastershipListener {

        @Override
        public void gained(long epoch) {
            later.execute(() -> events.gained(epoch));
        }

        @Override
        public void lost(long epoch, String cause) {
            executor.ifAvailable(tasks -> tasks.stopMasterTasks(epoch));
            later.execute(() -> events.lost(epoch, cause));
        }
    }
}
