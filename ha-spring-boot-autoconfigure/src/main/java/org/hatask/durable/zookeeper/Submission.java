package org.hatask.durable.zookeeper;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.hatask.durable.TaskJson;
import org.hatask.durable.TaskRecord;
import org.hatask.zookeeper.Reply;
import org.hatask.zookeeper.ZooKeeperAccess;

/**
 * Brings new tasks into ZooKeeper, each together with its idempotency key, in transactions of many. A transaction is tried
 * until there is an answer: ids are new, so a second try of what was done already finds its own work. Belongs to its caller.
 */
final class Submission {

    /** With records of the greatest size that is half of what ZooKeeper takes at once. */
    private static final int TASKS_PER_TRANSACTION = 50;

    private final Layout layout;
    private final ZooKeeperAccess access;
    private final MirrorKeeper keeper;
    private final TaskMirror mirror;
    private final ZooKeeperTaskStore.Deadline deadline;

    Submission(
            Layout layout,
            ZooKeeperAccess access,
            MirrorKeeper keeper,
            TaskMirror mirror,
            ZooKeeperTaskStore.Deadline deadline) {
        this.layout = layout;
        this.access = access;
        this.keeper = keeper;
        this.mirror = mirror;
        this.deadline = deadline;
    }

    /** One transaction, which loses the tasks whose key turns out to be known. */
    private static final class Part {

        final List<TaskRecord> tasks;
        boolean triedBefore;

        Part(List<TaskRecord> tasks) {
            this.tasks = new ArrayList<>(tasks);
        }
    }

    /**
     * @param tasks no two with the same key
     * @param kept is given what is kept instead of each, by the id of the given one
     */
    void submit(List<TaskRecord> tasks, Map<String, TaskRecord> kept) {
        List<Part> open = new ArrayList<>();
        for (int from = 0; from < tasks.size(); from += TASKS_PER_TRANSACTION) {
            open.add(new Part(tasks.subList(from, Math.min(tasks.size(), from + TASKS_PER_TRANSACTION))));
        }
        while (!open.isEmpty()) {
            deadline.awaitTruth();
            List<CompletableFuture<Reply>> answers =
                    open.stream().map(this::write).toList();
            if (open.size() > 1) {
                deadline.mayHaveBeenDone();
            }
            List<Part> again = new ArrayList<>();
            for (int i = 0; i < answers.size(); i++) {
                Part part = open.get(i);
                if (!judge(part, deadline.get(answers.get(i)), kept)) {
                    again.add(part);
                }
            }
            again.removeIf(part -> part.tasks.isEmpty());
            open = again;
        }
    }

    private CompletableFuture<Reply> write(Part part) {
        List<TaskRecord> records = part.tasks.stream().map(Submission::first).toList();
        return keeper.write(operations(part), () -> records.forEach(mirror::put));
    }

    private List<Op> operations(Part part) {
        List<Op> operations = new ArrayList<>();
        for (TaskRecord task : part.tasks) {
            String key = layout.key(task);
            if (key != null) {
                byte[] id = task.id().getBytes(StandardCharsets.UTF_8);
                operations.add(create(key, id));
            }
            operations.add(create(layout.task(task.id()), TaskJson.write(task)));
        }
        return operations;
    }

    private Op create(String path, byte[] content) {
        return Op.create(path, content, access.acl(path), CreateMode.PERSISTENT);
    }

    /** Whether the part is done with. */
    private boolean judge(Part part, Reply written, Map<String, TaskRecord> kept) {
        if (written.isOk()) {
            return finish(part, kept);
        }
        if (written.isLost()) {
            part.triedBefore = true;
            deadline.mayHaveBeenDone();
            return false;
        }
        if (written.code() == Code.NONODE) {
            keeper.repair();
            return false;
        }
        if (written.code() != Code.NODEEXISTS) {
            deadline.requireOk(written.code());
        }
        int failed = written.failedIndex();
        for (TaskRecord task : part.tasks) {
            String key = layout.key(task);
            if (key != null && failed-- == 0) {
                return keyExists(part, task, key, kept);
            }
            if (failed-- == 0) {
                if (part.triedBefore) {
                    return finish(part, kept);
                }
                throw deadline.refused("Task " + task.task() + " was not recorded: there is a task with its id "
                        + task.id() + " already. Let ids be made anew for every submission.");
            }
        }
        throw new IllegalStateException("ZooKeeper does not say which of " + part.tasks.size() + " tasks exists");
    }

    private boolean keyExists(Part part, TaskRecord task, String key, Map<String, TaskRecord> kept) {
        String id = deadline.get(keeper.fetchText(key));
        if (task.id().equals(id)) {
            return finish(part, kept);
        }
        if (id == null) {
            return false; // Forgotten in this moment, or the connection is gone.
        }
        TaskRecord first = null;
        if (Layout.isId(id)) {
            Code code = deadline.get(keeper.fetch(id));
            if (Reply.isLost(code)) {
                return false;
            }
            first = mirror.get(id);
        }
        if (first == null) {
            if (mirror.isSetAside(id)) {
                throw deadline.refused("Task " + task.task()
                        + " was not recorded: its idempotency key was used before, and the record at "
                        + layout.task(id) + " in ZooKeeper cannot be read. Mend or delete it.");
            }
            // Its task was deleted by hand: the key stands for nothing.
            deadline.get(keeper.write(List.of(Op.delete(key, 0)), () -> {}));
            return false;
        }
        kept.put(task.id(), first);
        part.tasks.remove(task);
        return part.tasks.isEmpty();
    }

    private static boolean finish(Part part, Map<String, TaskRecord> kept) {
        part.tasks.forEach(task -> kept.put(task.id(), first(task)));
        return true;
    }

    /** A node of ZooKeeper begins with version 0, which stands for no node here. */
    private static TaskRecord first(TaskRecord task) {
        return task.withVersion(1);
    }
}
