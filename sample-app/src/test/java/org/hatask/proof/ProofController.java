package org.hatask.proof;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.hatask.DurableTask;
import org.hatask.HaException;
import org.hatask.HaTasks;
import org.hatask.durable.TaskManager;
import org.hatask.durable.TaskRecord;
import org.hatask.durable.TaskStore;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Submits tasks, and tells what the store says of them. */
@RestController
class ProofController {

    private final HaTasks tasks;
    private final TaskStore store;
    private final TaskManager manager;

    ProofController(HaTasks tasks, TaskStore store, TaskManager manager) {
        this.tasks = tasks;
        this.store = store;
        this.manager = manager;
    }

    /** The number is the key, so whoever gets no answer may send it again. */
    @PostMapping("/tasks/{task}/{number}")
    DurableTask submit(@PathVariable String task, @PathVariable int number, @RequestParam int millis) {
        return tasks.prepare(task, number, millis)
                .idempotencyKey(Integer.toString(number))
                .submit();
    }

    /** Those that are not kept are missing. */
    @PostMapping("/found")
    Map<String, DurableTask> find(@RequestBody List<String> ids) {
        return store.find(ids).stream().collect(Collectors.toMap(TaskRecord::id, TaskRecord::view));
    }

    @PostMapping("/retried/{id}")
    boolean retry(@PathVariable String id) {
        return manager.retry(id).isPresent();
    }

    @ExceptionHandler
    @ResponseStatus(HttpStatus.SERVICE_UNAVAILABLE)
    String refused(HaException e) {
        return e.getMessage();
    }
}
