package org.hatask.dispatch;

import java.util.List;
import org.hatask.cluster.Node;
import org.springframework.cloud.client.loadbalancer.DefaultRequest;

/** A question to the load balancer, which carries the candidates itself: they differ from task to task. */
public final class CandidateRequest extends DefaultRequest<CandidateRequest.Context> {

    CandidateRequest(String taskName, List<Node> candidates) {
        super(new Context(
                taskName, candidates.stream().map(CandidateInstance::new).toList()));
    }

    /**
     * @param taskName name of the task
     * @param candidates the nodes that may execute it now
     */
    public record Context(String taskName, List<CandidateInstance> candidates) {}
}
