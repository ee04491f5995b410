package org.hatask.sample.web;

import org.hatask.NoMasterException;
import org.hatask.NoNodeAvailableException;
import org.hatask.RemoteTaskException;
import org.hatask.StaleEpochException;
import org.hatask.TaskOutcomeUnknownException;
import org.hatask.TaskRejectedException;
import org.hatask.sample.booking.ReferenceTakenException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** What went wrong, in the words of HTTP: 503 when nothing was done, 504 when nobody knows. */
@RestControllerAdvice
class DeskErrors {

    @ExceptionHandler({
        NoMasterException.class,
        NoNodeAvailableException.class,
        TaskRejectedException.class,
        StaleEpochException.class
    })
    ResponseEntity<ProblemDetail> nothingWasDone(RuntimeException e) {
        return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE)
                .header(HttpHeaders.RETRY_AFTER, "1")
                .body(problem(HttpStatus.SERVICE_UNAVAILABLE, "Nobody can do this now", e));
    }

    @ExceptionHandler
    ProblemDetail outcomeUnknown(TaskOutcomeUnknownException e) {
        ProblemDetail problem = problem(HttpStatus.GATEWAY_TIMEOUT, "It may have been done or not", e);
        problem.setProperty("node", e.nodeId());
        problem.setProperty("taskId", e.taskId());
        return problem;
    }

    @ExceptionHandler
    ProblemDetail failedElsewhere(RemoteTaskException e) {
        ProblemDetail problem = problem(HttpStatus.INTERNAL_SERVER_ERROR, "The task failed", e);
        problem.setProperty("node", e.nodeId());
        problem.setProperty("exception", e.typeName());
        return problem;
    }

    @ExceptionHandler
    ProblemDetail referenceTaken(ReferenceTakenException e) {
        return problem(HttpStatus.CONFLICT, "Reference taken", e);
    }

    private static ProblemDetail problem(HttpStatus status, String title, Exception e) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, e.getMessage());
        problem.setTitle(title);
        return problem;
    }
}
