package org.hatask.autoconfigure;

import org.hatask.execute.InvalidTaskException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says which method cannot be a task, and what to change. */
final class InvalidTaskFailureAnalyzer extends AbstractFailureAnalyzer<InvalidTaskException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, InvalidTaskException cause) {
        return new FailureAnalysis(cause.problem(), cause.cure(), cause);
    }
}
