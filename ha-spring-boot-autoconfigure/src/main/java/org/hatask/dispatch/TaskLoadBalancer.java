package org.hatask.dispatch;

import java.util.List;
import org.hatask.Balance;
import org.hatask.cluster.Node;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.DefaultResponse;
import org.springframework.cloud.client.loadbalancer.EmptyResponse;
import org.springframework.cloud.client.loadbalancer.Request;
import org.springframework.cloud.client.loadbalancer.Response;
import org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer;
import reactor.core.publisher.Mono;

/**
 * The built-in strategies behind Spring Cloud LoadBalancer's interface, each task by its own. A user's bean may take its place,
 * or ask it: it answers whoever hands on the request that it was given.
 */
public final class TaskLoadBalancer implements ReactorServiceInstanceLoadBalancer {

    private final Strategies strategies;

    public TaskLoadBalancer(Strategies strategies) {
        this.strategies = strategies;
    }

    @Override
    public Mono<Response<ServiceInstance>> choose(@SuppressWarnings("rawtypes") Request request) {
        return Mono.just(
                request.getContext() instanceof CandidateRequest.Context context
                                && !context.candidates().isEmpty()
                        ? choose(context)
                        : new EmptyResponse());
    }

    private Response<ServiceInstance> choose(CandidateRequest.Context context) {
        List<Node> nodes =
                context.candidates().stream().map(CandidateInstance::node).toList();
        Node chosen = strategies.choose(context.balance(), context.taskName(), context.key(), nodes);
        return new DefaultResponse(context.candidates().get(nodes.indexOf(chosen)));
    }

    /** The same without the detour over Spring's types. */
    Node choose(Balance balance, String task, @Nullable String key, List<Node> candidates) {
        return strategies.choose(balance, task, key, candidates);
    }

    Ranking rank(Balance balance, @Nullable String key, List<Node> candidates) {
        return strategies.rank(balance, key, candidates);
    }
}
