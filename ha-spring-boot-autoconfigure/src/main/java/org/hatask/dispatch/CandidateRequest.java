package org.hatask.dispatch;

import java.util.List;
import org.hatask.Balance;
import org.hatask.cluster.Node;
import org.hatask.execute.TaskDefinition;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.client.loadbalancer.DefaultRequest;

/** A question to the load balancer, which carries the candidates itself: they differ from task to task. */
public final class CandidateRequest extends DefaultRequest<CandidateRequest.Context> {

    CandidateRequest(TaskDefinition task, @Nullable String key, List<Node> candidates) {
        super(new Context(
                task.name(),
                task.balance().strategy(),
                key,
                candidates.stream().map(CandidateInstance::new).toList()));
    }

    /**
     * @param taskName name of the task
     * @param balance the task's strategy, never {@link Balance#DEFAULT}
     * @param key text of the argument marked with {@link org.hatask.BalanceKey}, or null where the task has none
     * @param candidates the nodes that may execute it now, ordered by id
     */
    public record Context(
            String taskName, Balance balance, @Nullable String key, List<CandidateInstance> candidates) {}
}
