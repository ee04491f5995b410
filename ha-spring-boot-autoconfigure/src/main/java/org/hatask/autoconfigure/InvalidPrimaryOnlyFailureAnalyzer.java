package org.hatask.autoconfigure;

import org.hatask.standby.InvalidPrimaryOnlyException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says which bean cannot live only on the primary, and what to change. */
final class InvalidPrimaryOnlyFailureAnalyzer extends AbstractFailureAnalyzer<InvalidPrimaryOnlyException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, InvalidPrimaryOnlyException cause) {
        return new FailureAnalysis(cause.problem(), cause.cure(), cause);
    }
}
