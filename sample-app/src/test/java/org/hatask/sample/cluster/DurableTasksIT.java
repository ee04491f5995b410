package org.hatask.sample.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.hatask.jdbc.DatabaseServer;
import org.hatask.proof.ProofNode;
import org.hatask.proof.ProofTasks;
import org.hatask.sample.cluster.MasterWatch.Sighting;
import org.hatask.sample.cluster.ProofClient.RefusedException;
import org.hatask.sample.cluster.ProofClient.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * Thousands of durable tasks on three nodes that are killed at random, the master and the node that submits among them: every
 * task that was acknowledged comes to its end, those with {@code retry} succeed, and those without it never run twice. The runs are
 * counted by the tasks themselves, in files.
 *
 * <p>{@code -Ddurable.jdbc.tasks}, {@code -Ddurable.zookeeper.tasks} and {@code -Ddurable.kills} make it larger, {@code
 * -Ddurable.seed} chooses the same victims again (not the same moment in their work).
 */
@Timeout(420)
class DurableTasksIT extends ProcessTest {

    private static final Duration SESSION = Duration.ofSeconds(3);
    private static final Duration TASKS_END = Duration.ofSeconds(120);
    private static final int SUBMITTERS = 8;
    private static final int FIND_AT_ONCE = 500;
    private static final int CONCURRENCY = 16;

    /** How much of it is executed at any time, on all nodes: enough for every death to meet some. */
    private static final int TASKS_AT_ONCE = 20;

    private enum Victim {
        MASTER,
        SUBMITTER,
        ANY
    }

    private final ProofClient client = new ProofClient();
    private final long seed = Long.getLong("durable.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Map<Integer, String> acknowledged = new ConcurrentHashMap<>();
    private final Map<String, Integer> refusals = new ConcurrentHashMap<>();
    private final AtomicInteger sentAgain = new AtomicInteger();
    private final AtomicInteger nextNumber = new AtomicInteger();
    private Path runs;
    private int longestMillis;
    private volatile NodeProcess submitter;
    private volatile boolean givenUp;

    @Test
    @EnabledIf(
            value = "org.hatask.jdbc.DatabaseServer#hasPostgreSql",
            disabledReason = "there is no postgres here; on Debian: apt-get install --no-install-recommends postgresql")
    void inADatabaseNoTaskIsLostAndNoneRunsTwiceThatMustNot() throws Exception {
        DatabaseServer server = open(DatabaseServer.postgreSql());
        startNodes(
                new Database(server.url(), server.user(), ""),
                "--ha.task-store.type=jdbc",
                "--spring.sql.init.schema-locations=classpath:schema.sql,"
                        + "classpath:org/hatask/durable/jdbc/schema-postgresql.sql");

        prove("JDBC", Integer.getInteger("durable.jdbc.tasks", 10_000), 300, Integer.getInteger("durable.kills", 6));
    }

    @Test
    void inZooKeeperNoTaskIsLostAndNoneRunsTwiceThatMustNot() throws Exception {
        startNodes(null, "--ha.task-store.type=zookeeper");

        prove(
                "ZooKeeper",
                Integer.getInteger("durable.zookeeper.tasks", 1_000),
                50,
                Integer.getInteger("durable.kills", 4));
    }

    private void startNodes(Database database, String... properties) throws Exception {
        say("seed %d", seed);
        Path runs = Files.createTempDirectory("ha-runs-");
        open(() -> DeskCluster.delete(runs));
        this.runs = runs;
        List<String> all = new ArrayList<>(List.of(properties));
        all.add("--proof.directory=" + runs);
        all.add("--ha.durable.lease=5s");
        all.add("--ha.durable.concurrency=" + CONCURRENCY);
        String classes = Path.of(ProofNode.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString();
        startCluster(
                SESSION,
                Duration.ofSeconds(20),
                new NodeProcess.Program(ProofNode.class.getName(), List.of("-Xmx256m", "-Dloader.path=" + classes)),
                database,
                all.toArray(String[]::new));
    }

    private void prove(String store, int tasks, int perSecond, int kills) throws Exception {
        awaitAgreement();
        submitter = cluster.nodes().get(0);
        Instant start = Instant.now();
        longestMillis = 2 * 1000 * TASKS_AT_ONCE / perSecond;
        List<Thread> submitters = submit(tasks, perSecond);
        killSome(kills, submitters);
        for (Thread thread : submitters) {
            thread.join(PATIENCE.toMillis());
        }
        givenUp = true;
        Instant submitted = Instant.now();
        for (NodeProcess node : cluster.nodes()) {
            node.awaitReady(PATIENCE);
        }
        assertThat(acknowledged)
                .as("every submission is acknowledged in the end")
                .hasSize(tasks);
        Map<String, Task> found = awaitEnds();
        Instant ended = Instant.now();

        Map<String, Long> byState = found.values().stream()
                .collect(Collectors.groupingBy(Task::state, TreeMap::new, Collectors.counting()));
        long attempts = found.values().stream().mapToLong(Task::attempts).sum();
        say(
                "FIGURE durable tasks, %s: %d submitted in %s, all over %s later: %s in %d attempts; %d kills, %d submissions sent"
                        + " again, refused: %s",
                store,
                tasks,
                millis(start, submitted),
                millis(submitted, ended),
                byState,
                attempts,
                kills,
                sentAgain.get(),
                refusals);
        judge(tasks, kills, found);
    }

    /** Every even number may be repeated. */
    private static String task(int number) {
        return number % 2 == 0 ? "repeatable" : "once";
    }

    private List<Thread> submit(int tasks, int perSecond) {
        long start = System.nanoTime();
        long interval = Duration.ofSeconds(1).toNanos() / perSecond;
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < SUBMITTERS; i++) {
            Thread thread = new Thread(
                    () -> {
                        for (int number = nextNumber.getAndIncrement();
                                number < tasks && !givenUp;
                                number = nextNumber.getAndIncrement()) {
                            Waiting.pause(Duration.ofNanos(start + number * interval - System.nanoTime()));
                            submitUntilAcknowledged(number);
                        }
                    },
                    "submit-" + i);
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        return threads;
    }

    /** As a client would: to the same node as long as it answers, then to another. */
    private void submitUntilAcknowledged(int number) {
        while (!givenUp) {
            NodeProcess node = submitter;
            try {
                Task task = client.submit(node, task(number), number, number * 31 % longestMillis);
                acknowledged.put(number, task.id());
                return;
            } catch (RefusedException e) {
                refusals.merge(e.getMessage().replaceAll("\\d+|[0-9a-f]{8,}\\S*", "…"), 1, Integer::sum);
                Waiting.pause(Duration.ofMillis(100));
            } catch (IOException e) {
                sentAgain.incrementAndGet();
                leave(node);
            }
        }
    }

    private synchronized void leave(NodeProcess node) {
        if (submitter == node) {
            Waiting.until(PATIENCE, () -> {
                NodeProcess next = cluster.nodes()
                        .get((cluster.nodes().indexOf(submitter) + 1)
                                % cluster.nodes().size());
                submitter = next;
                return next.isReady();
            });
        }
    }

    /** Kills while tasks are submitted, and what is left to kill while they are executed. */
    private void killSome(int kills, List<Thread> submitters) {
        List<Victim> victims = new ArrayList<>();
        for (int i = 0; i < kills; i++) {
            victims.add(Victim.values()[i % Victim.values().length]);
        }
        Collections.shuffle(victims, random);
        Waiting.until(PATIENCE, () -> acknowledged.size() > 50);
        for (Victim victim : victims) {
            NodeProcess node = node(victim);
            // Somebody must be there to go on; who has just been killed may still be on its way back.
            assertThat(Waiting.until(PATIENCE, () -> cluster.nodes().stream()
                            .anyMatch(other -> other != node && other.isReady())))
                    .as("another node than " + node.id() + " is ready")
                    .isTrue();
            say(
                    "kill -9 of %s (%s) after %d acknowledged, %s",
                    node.id(),
                    victim,
                    acknowledged.size(),
                    submitters.stream().anyMatch(Thread::isAlive) ? "while more are submitted" : "after the last");
            node.kill9();
            Waiting.pause(Duration.ofMillis(200 + random.nextInt(1500)));
            node.start();
            Waiting.pause(Duration.ofMillis(1500 + random.nextInt(3000)));
        }
    }

    private NodeProcess node(Victim victim) {
        return switch (victim) {
            case MASTER -> cluster.node(lastMaster().master());
            case SUBMITTER -> submitter;
            case ANY -> cluster.nodes().get(random.nextInt(cluster.nodes().size()));
        };
    }

    private Sighting lastMaster() {
        return watch.first().get(watch.first().lastKey());
    }

    /** As an operator would, it retries what was laid aside after two nodes had died with it. */
    private Map<String, Task> awaitEnds() {
        Map<String, Task> over = new HashMap<>();
        List<String> laidAside = new ArrayList<>();
        boolean all = Waiting.until(TASKS_END, () -> {
            List<String> open = acknowledged.values().stream()
                    .filter(id -> !over.containsKey(id))
                    .toList();
            for (int from = 0; from < open.size(); from += FIND_AT_ONCE) {
                look(open.subList(from, Math.min(open.size(), from + FIND_AT_ONCE)), over, laidAside);
            }
            if (over.size() < acknowledged.size()) {
                Waiting.pause(Duration.ofMillis(500));
            }
            return over.size() == acknowledged.size();
        });
        if (!laidAside.isEmpty()) {
            say("laid aside after two deaths, and retried: %s", laidAside);
        }
        if (!all) {
            cluster.nodes().forEach(node -> System.out.println(node.tail()));
        }
        assertThat(acknowledged.values().stream().filter(id -> !over.containsKey(id)))
                .as("tasks that are not over " + TASKS_END + " later")
                .isEmpty();
        return over;
    }

    private void look(List<String> ids, Map<String, Task> over, List<String> laidAside) {
        NodeProcess node = cluster.nodes().get(0);
        try {
            for (Task task : client.find(node, ids).values()) {
                if (task.isOver()) {
                    over.put(task.id(), task);
                } else if (task.state().equals("PARKED") && task.attempts() >= 2) {
                    laidAside.add(task.toString());
                    client.retry(node, task.id());
                }
            }
        } catch (IOException | RefusedException e) {
            say("%s cannot say what became of tasks: %s", node.id(), e);
        }
    }

    /** The only end that a task without retry may have here but success: nobody knows how far it came. */
    private static boolean isLostWithItsNode(Task task) {
        return task.state().equals("FAILED") && String.valueOf(task.error()).contains("died or was cut off");
    }

    private void judge(int tasks, int kills, Map<String, Task> found) {
        ProofRuns all = ProofRuns.in(runs);
        List<String> wrong = new ArrayList<>();
        int lost = 0;
        int repeated = 0;
        for (int number = 0; number < tasks; number++) {
            String name = task(number);
            Task task = found.get(acknowledged.get(number));
            int begun = all.begun(name, number);
            int ended = all.ended(name, number);
            boolean succeeded = task.state().equals("SUCCEEDED");
            boolean once = name.equals("once");
            boolean right =
                    once ? begun <= 1 && (succeeded ? ended == 1 : isLostWithItsNode(task)) : succeeded && ended >= 1;
            if (!right) {
                wrong.add(name + " " + number + " began " + begun + " times, ended " + ended + " times: " + task);
            }
            lost += once && !succeeded ? 1 : 0;
            repeated += !once && task.attempts() > ProofTasks.attemptsOf(number) ? 1 : 0;
        }
        say("%d tasks were lost with their nodes, %d were begun anew", lost, repeated);
        assertThat(wrong).isEmpty();
        assertThat(lost)
                .as("tasks without retry of which nobody knows what became: no more than ran on those who died")
                .isLessThanOrEqualTo(kills * CONCURRENCY);
        assertThat(lost + repeated)
                .as("tasks in the middle of which a node died; without any, this run shows nothing")
                .isPositive();
    }
}
