package org.hatask.dispatch;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.hatask.HaException;
import org.hatask.cluster.Node;
import org.hatask.execute.TaskDefinition;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.Response;
import org.springframework.cloud.client.loadbalancer.reactive.ReactiveLoadBalancer;
import org.springframework.util.function.SingletonSupplier;
import reactor.core.publisher.Mono;

/**
 * Leaves the choice to a strategy of Spring Cloud LoadBalancer, which is looked up once. Ours is asked directly; a user's own
 * through Spring's interface.
 */
public final class LoadBalancerNodeChooser implements NodeChooser {

    /** The name under which a user's own strategy is registered. */
    public static final String SERVICE_ID = "ha-task";

    private final Supplier<ReactiveLoadBalancer<ServiceInstance>> balancer;

    public LoadBalancerNodeChooser(Supplier<ReactiveLoadBalancer<ServiceInstance>> balancer) {
        this.balancer = SingletonSupplier.of(balancer);
    }

    @Override
    public Optional<Node> choose(TaskDefinition task, @Nullable String key, List<Node> candidates) {
        if (candidates.size() == 1) {
            return Optional.of(candidates.get(0));
        }
        ReactiveLoadBalancer<ServiceInstance> current = balancer.get();
        return current instanceof TaskLoadBalancer ours
                ? Optional.of(ours.choose(task.balance().strategy(), task.name(), key, candidates))
                : ask(current, new CandidateRequest(task, key, candidates));
    }

    private static Optional<Node> ask(ReactiveLoadBalancer<ServiceInstance> own, CandidateRequest request) {
        Response<ServiceInstance> response =
                Mono.from(own.choose(request)).toFuture().getNow(null);
        if (response == null) {
            throw new HaException("The load balancer strategy for '" + SERVICE_ID + "' ("
                    + own.getClass().getName() + ") must answer at once, without waiting for anything");
        }
        return response.getServer() instanceof CandidateInstance chosen ? Optional.of(chosen.node()) : Optional.empty();
    }

    @Override
    public Ranking rank(TaskDefinition task, @Nullable String key, List<Node> candidates) {
        ReactiveLoadBalancer<ServiceInstance> current = balancer.get();
        return current instanceof TaskLoadBalancer ours
                ? ours.rank(task.balance().strategy(), key, candidates)
                : Ranking.unknown(current.getClass().getName(), candidates);
    }
}
