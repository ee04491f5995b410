package org.hatask.autoconfigure;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.hatask.cluster.ClusterState;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Node;
import org.hatask.execute.TaskExecutor;
import org.hatask.failure.Condition;
import org.hatask.failure.HealthListener;
import org.hatask.failure.HealthTimer;
import org.hatask.failure.NodeHealth;
import org.hatask.failure.SickTask;
import org.hatask.failure.StuckTaskWatchdog;
import org.hatask.failure.Word;
import org.hatask.lifecycle.ClusterEvents;
import org.hatask.link.LinkInfo;
import org.hatask.link.LinkTransport;
import org.hatask.link.NodeReport;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.function.SingletonSupplier;

/** Who is fit for work. */
@Configuration(proxyBeanMethods = false)
class HaFailureConfiguration {

    /**
     * The links carry its judgement and it listens to them, so one of the two has to look the other up: at the first call
     * or tick, when both are there.
     */
    @Bean
    NodeHealth haNodeHealth(
            HaProperties properties,
            ClusterState cluster,
            ClusterEvents events,
            HaThreads threads,
            ObjectProvider<LinkTransport> transport,
            ObjectProvider<StuckTaskWatchdog> stuckTasks) {
        Supplier<LinkTransport> links = SingletonSupplier.of(transport::getObject);
        Supplier<StuckTaskWatchdog> own = SingletonSupplier.of(stuckTasks::getObject);
        return new NodeHealth(
                properties.failureDetection().settings(),
                properties.failureDetection().maxTaskDuration(),
                cluster::view,
                node -> links.get().isReachable(node),
                () -> words(
                        cluster.view().self(), own.get().state(), links.get().links()),
                new Changes(threads.events(), cluster, events),
                System::nanoTime,
                Clock.systemUTC());
    }

    @Bean
    StuckTaskWatchdog haStuckTaskWatchdog(
            HaProperties properties,
            TaskExecutor executor,
            ClusterState cluster,
            NodeHealth health,
            MasterElection election) {
        // Where the operator alone decides nobody stands in for the master.
        boolean staysMaster = properties.strategy() == HaProperties.Strategy.MANUAL;
        return new StuckTaskWatchdog(
                executor,
                () -> cluster.view().self().id(),
                health::isBlamed,
                () -> health.hasHealthyOthers()
                        && !(staysMaster && election.mastership().isHeld()),
                election::standAside);
    }

    @Bean(destroyMethod = "close")
    HealthTimer haHealthTimer(StuckTaskWatchdog stuckTasks, NodeHealth health, LinkTransport transport) {
        return new HealthTimer(stuckTasks, health);
    }

    /** The last word of every node, and that of this one. */
    private static List<Word> words(Node self, StuckTaskWatchdog.State own, List<LinkInfo> links) {
        Map<String, LinkInfo> latest = new HashMap<>();
        for (LinkInfo link : links) {
            if (link.report() != null) {
                latest.merge(link.incarnation(), link, (a, b) -> a.lastSeen().isAfter(b.lastSeen()) ? a : b);
            }
        }
        List<Word> words = new ArrayList<>();
        words.add(new Word(self.id(), self.incarnation(), own.suspect(), own.overdue()));
        latest.forEach((incarnation, link) -> {
            NodeReport report = link.report();
            if (report != null) {
                words.add(new Word(link.nodeId(), incarnation, report.suspect(), report.overdue()));
            }
        });
        return words;
    }

    /** Changes are told on the thread of all events, with the view of the moment. */
    private record Changes(Executor later, ClusterState cluster, ClusterEvents events) implements HealthListener {

        @Override
        public void healthChanged(Node node, Condition before, Condition after) {
            tell(() -> events.healthChanged(cluster.view(), node, before, after));
        }

        @Override
        public void panicChanged(boolean panic, int sick, int living) {
            tell(() -> events.panicChanged(panic, sick, living));
        }

        @Override
        public void sickTask(SickTask task) {
            tell(() -> events.sickTask(task));
        }

        private void tell(Runnable news) {
            try {
                later.execute(news);
            } catch (RejectedExecutionException e) {
                // This node is closing, and nobody listens any more.
            }
        }
    }
}
