package org.hatask.dispatch;

import java.util.List;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.Request;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import reactor.core.publisher.Flux;

/** Gives a strategy of Spring Cloud LoadBalancer the candidates that its request carries. */
public final class CandidateSupplier implements ServiceInstanceListSupplier {

    @Override
    public String getServiceId() {
        return LoadBalancerNodeChooser.SERVICE_ID;
    }

    /** Without a request nobody is a candidate. */
    @Override
    public Flux<List<ServiceInstance>> get() {
        return Flux.just(List.of());
    }

    @Override
    public Flux<List<ServiceInstance>> get(@SuppressWarnings("rawtypes") Request request) {
        return request.getContext() instanceof CandidateRequest.Context context
                ? Flux.just(List.copyOf(context.candidates()))
                : get();
    }
}
