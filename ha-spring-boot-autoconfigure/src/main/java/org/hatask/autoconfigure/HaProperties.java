package org.hatask.autoconfigure;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hatask.Balance;
import org.hatask.durable.WorkerSettings;
import org.hatask.execute.TaskOverride;
import org.hatask.failure.FailureSettings;
import org.hatask.jdbc.TableName;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.bind.Name;
import org.springframework.util.unit.DataSize;

/**
 * Settings of HA Task.
 *
 * @param enabled whether annotated methods are tasks of the cluster; if not, they are plain methods
 * @param cluster name of the cluster; nodes with the same name and the same ZooKeeper belong together. Default is the
 *     application's name
 * @param topology how roles are given to nodes
 * @param standby how far a backup is started, with the topology primary-backup
 * @param node this node
 * @param election how the master is found
 * @param zookeeper where nodes find each other
 * @param dispatch how calls are carried out
 * @param failureDetection when a node is judged sick
 * @param executor threads for the calls of other nodes
 * @param link connections between nodes
 * @param security who may take part
 * @param fence what keeps masters of the past out of the application's database
 * @param taskStore where durable tasks are kept
 * @param durable how durable tasks are executed
 * @param metrics what is measured
 * @param console the page for operators
 * @param tasks overrides of the annotation, by task name
 */
@ConfigurationProperties("ha")
public record HaProperties(
        @DefaultValue("true") boolean enabled,
        @Nullable String cluster,
        @DefaultValue("cluster") Topology topology,
        @DefaultValue("warm") Standby standby,
        @DefaultValue NodeProperties node,
        @DefaultValue Election election,
        @DefaultValue Zookeeper zookeeper,
        @DefaultValue Dispatch dispatch,
        @DefaultValue FailureDetection failureDetection,
        @DefaultValue Executor executor,
        @DefaultValue Link link,
        @DefaultValue Security security,
        @DefaultValue Fence fence,
        @DefaultValue TaskStore taskStore,
        @DefaultValue Durable durable,
        @DefaultValue Metrics metrics,
        @DefaultValue Console console,
        @DefaultValue Map<String, TaskOverride> tasks) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:-]{0,127}");

    public HaProperties {
        requireName("ha.cluster", cluster);
        require(
                topology == Topology.CLUSTER || election.strategy() == null || election.strategy() == Strategy.MANUAL,
                "ha.election.strategy",
                election.strategy(),
                "manual or left out with ha.topology=" + name(topology) + ", where the operator decides who is master");
        require(
                standby == Standby.WARM || topology == Topology.PRIMARY_BACKUP,
                "ha.standby",
                name(standby),
                "left out unless ha.topology=primary-backup: only there nodes stand by");
        tasks = Map.copyOf(tasks);
    }

    /** Who becomes master, by configuration or by the topology. */
    public Strategy strategy() {
        Strategy configured = election.strategy();
        return configured != null ? configured : topology == Topology.CLUSTER ? Strategy.LEADER_LATCH : Strategy.MANUAL;
    }

    /** A constant as it is written in configuration. */
    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** How roles are given to nodes. */
    public enum Topology {
        /** One elected master, all others workers; a new master is elected automatically. */
        CLUSTER,
        /** One master that the operator chooses, all others workers. */
        MASTER_SLAVE,
        /** One primary that the operator chooses and that executes everything; the others stand by. */
        PRIMARY_BACKUP
    }

    /** How far a backup is started. */
    public enum Standby {
        /** Fully; promotion only changes its role. */
        WARM,
        /** All but the beans marked with {@link org.hatask.PrimaryOnly}, which promotion starts. */
        COLD
    }

    /** How the master is found. */
    public enum Strategy {
        /** Curator's LeaderLatch: the node that has waited longest. */
        LEADER_LATCH,
        /** The live node with the smallest id, which takes over when it returns; ids compare by their numbers. */
        LOWEST_NODE_ID,
        /** Whom the operator has appointed. */
        MANUAL
    }

    /**
     * @param id stable name of this node, the same after a restart. Default is host and port
     * @param host name or address under which other nodes reach this one. Default is the loopback address while ZooKeeper
     *     is on this machine, else the first address that is not loopback
     * @param masterEligible whether this node may become master
     * @param acceptsTasks whether this node executes tasks; if not, it only calls
     * @param weight share of the work relative to other nodes, at least 1; for weighted and consistent-hash
     * @param zone where the node stands, such as a data centre; calls prefer nodes of their own
     */
    public record NodeProperties(
            @Nullable String id,
            @Nullable String host,
            @DefaultValue("true") boolean masterEligible,
            @DefaultValue("true") boolean acceptsTasks,
            @DefaultValue("1") int weight,
            @Nullable String zone) {

        public NodeProperties {
            requireName("ha.node.id", id);
            require(weight >= 1, "ha.node.weight", weight, "at least 1");
            require(
                    isBlank(host) || isHost(String.valueOf(host)),
                    "ha.node.host",
                    host,
                    "a host name of letters, digits, hyphens and dots, or an address, without a port");
        }

        private static boolean isHost(String text) {
            boolean bareIpv6 = text.contains(":") && !text.startsWith("[");
            try {
                URI uri = new URI("http://" + (bareIpv6 ? "[" + text + "]" : text));
                return uri.getHost() != null
                        && uri.getPort() < 0
                        && uri.getRawPath().isEmpty();
            } catch (URISyntaxException e) {
                return false;
            }
        }
    }

    /**
     * @param strategy who becomes master. Default is leader-latch, and manual in the topologies master-slave and
     *     primary-backup, which allow no other
     * @param waitTime how long a call waits for a node that can take it, such as a master during an election. Should be longer
     *     than the ZooKeeper session
     * @param crashTakeover whether a master whose process is gone, so that connections to it are refused, is replaced at once
     *     instead of at the end of its ZooKeeper session
     */
    public record Election(
            @Nullable Strategy strategy,
            @Name("wait") @DefaultValue("30s") Duration waitTime,
            @DefaultValue("true") boolean crashTakeover) {

        public Election {
            require(!waitTime.isNegative(), "ha.election.wait", waitTime, "zero or more");
        }
    }

    /**
     * @param connectString servers of an external ensemble, for example zk1:2181,zk2:2181,zk3:2181. Empty means an
     *     embedded server
     * @param sessionTimeout after which ZooKeeper gives a silent node up; at least three ticks
     * @param tickTime tickTime of the external ensemble. Embedded servers choose their own
     * @param connectionTimeout how long one attempt to connect may take
     * @param auth digest credentials user:password; with them only this application can read and write its nodes
     * @param embedded servers inside this application
     */
    public record Zookeeper(
            @Nullable String connectString,
            @DefaultValue("6s") Duration sessionTimeout,
            @DefaultValue("2s") Duration tickTime,
            @DefaultValue("5s") Duration connectionTimeout,
            @Nullable String auth,
            @DefaultValue Embedded embedded) {

        public Zookeeper {
            require(isPositive(tickTime), "ha.zookeeper.tick-time", tickTime, "more than zero");
            require(
                    isPositive(connectionTimeout),
                    "ha.zookeeper.connection-timeout",
                    connectionTimeout,
                    "more than zero");
            require(
                    sessionTimeout.compareTo(Duration.ofMillis(500)) >= 0,
                    "ha.zookeeper.session-timeout",
                    sessionTimeout,
                    "at least 500ms");
            require(auth == null || auth.contains(":"), "ha.zookeeper.auth", "(hidden)", "of the form user:password");
            require(
                    isBlank(connectString) || embedded.ensemble().isEmpty(),
                    "ha.zookeeper.connect-string",
                    connectString,
                    "left out when ha.zookeeper.embedded.ensemble is set: it is one or the other");
        }

        /** Whether an external ensemble is configured. */
        boolean isExternal() {
            return !isBlank(connectString);
        }
    }

    /**
     * @param ensemble peers of an embedded quorum, as nodeId@host[:clientPort:peerPort:electionPort]; the ports
     *     default to 2181, 2888 and 3888. Each named node hosts one peer
     * @param dataDir where the embedded server keeps its data, over restarts too
     * @param port port of the embedded development server on the loopback address
     */
    public record Embedded(
            @DefaultValue List<String> ensemble,
            @Nullable Path dataDir,
            @DefaultValue("21810") int port) {

        public Embedded {
            ensemble = List.copyOf(ensemble);
            require(port > 0 && port < 65536, "ha.zookeeper.embedded.port", port, "a port between 1 and 65535");
        }
    }

    /**
     * @param timeout longest time of one attempt, unless the task says otherwise
     * @param balance how one of several nodes is chosen, unless the task says otherwise
     * @param preferZone whether nodes of this node's zone come first while there are any; matters only where ha.node.zone is
     *     set, and not to consistent-hash
     * @param retryBudget attempts beyond the first that all calls of this node together may cause, in per cent of the calls
     * @param retryBudgetMinimum such attempts per second that are there however few calls are made
     */
    public record Dispatch(
            @DefaultValue("10m") Duration timeout,
            @DefaultValue("round-robin") Balance balance,
            @DefaultValue("true") boolean preferZone,
            @DefaultValue("20%") String retryBudget,
            @DefaultValue("3") int retryBudgetMinimum) {

        private static final Pattern PERCENT = Pattern.compile("(\\d{1,3}(?:\\.\\d+)?)\\s*%?");

        public Dispatch {
            require(isPositive(timeout), "ha.dispatch.timeout", timeout, "more than zero");
            require(
                    balance != Balance.DEFAULT,
                    "ha.dispatch.balance",
                    balance,
                    "round-robin, random, weighted, least-active, consistent-hash or local-first");
            require(
                    share(retryBudget) >= 0 && share(retryBudget) <= 1,
                    "ha.dispatch.retry-budget",
                    retryBudget,
                    "a percentage from 0 to 100, such as 20%");
            require(
                    retryBudgetMinimum >= 0,
                    "ha.dispatch.retry-budget-minimum",
                    retryBudgetMinimum,
                    "zero or more, a number of attempts per second");
        }

        /** The budget as a share: 0.2 for 20 %. */
        double retryShare() {
            return share(retryBudget);
        }

        private static double share(String percent) {
            Matcher matcher = PERCENT.matcher(percent.strip());
            return matcher.matches() ? Double.parseDouble(matcher.group(1)) / 100 : -1;
        }
    }

    /**
     * The defaults are those of an online system that answers within 500 ms on average.
     *
     * @param slowAfter an attempt that takes longer counts as slow, unless the task says otherwise
     * @param badRate percentage of the answers within the window that are slow or missing from which on a node is sick
     * @param window how far back answers count, in whole seconds
     * @param minimumCalls fewer answers within the window decide nothing
     * @param quarantine how long a sick node gets no work before it is probed; doubles with every failed return, up to 5m
     * @param maxEjected share of the living nodes that may be left out at the same time, in percent
     * @param maxTaskDuration a task that runs longer is overdue and its node suspect, unless the task says otherwise
     */
    public record FailureDetection(
            @DefaultValue("1s") Duration slowAfter,
            @DefaultValue("80") int badRate,
            @DefaultValue("60s") Duration window,
            @DefaultValue("10") int minimumCalls,
            @DefaultValue("30s") Duration quarantine,
            @DefaultValue("50%") String maxEjected,
            @DefaultValue("10m") Duration maxTaskDuration) {

        private static final Duration LONGEST_QUARANTINE = Duration.ofMinutes(5);
        private static final Pattern PERCENT = Pattern.compile("(\\d{1,3})\\s*%?");

        public FailureDetection {
            require(isPositive(slowAfter), "ha.failure-detection.slow-after", slowAfter, "more than zero");
            require(badRate >= 1 && badRate <= 100, "ha.failure-detection.bad-rate", badRate, "between 1 and 100");
            require(
                    window.toSeconds() >= 1 && window.toSeconds() <= 3600 && window.getNano() == 0,
                    "ha.failure-detection.window",
                    window,
                    "whole seconds between 1s and 1h");
            require(minimumCalls >= 1, "ha.failure-detection.minimum-calls", minimumCalls, "at least 1");
            require(quarantine.toMillis() >= 1, "ha.failure-detection.quarantine", quarantine, "at least 1ms");
            require(
                    percent(maxEjected) >= 0 && percent(maxEjected) <= 100,
                    "ha.failure-detection.max-ejected",
                    maxEjected,
                    "a percentage between 0% and 100%");
            require(
                    isPositive(maxTaskDuration),
                    "ha.failure-detection.max-task-duration",
                    maxTaskDuration,
                    "more than zero");
        }

        private static int percent(String text) {
            Matcher matcher = PERCENT.matcher(text.strip());
            return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
        }

        FailureSettings settings() {
            return new FailureSettings(
                    badRate,
                    window,
                    minimumCalls,
                    quarantine,
                    quarantine.compareTo(LONGEST_QUARANTINE) > 0 ? quarantine : LONGEST_QUARANTINE,
                    percent(maxEjected));
        }
    }

    /**
     * @param threads how many calls of other nodes to one task run at the same time; all tasks share twice as many. Default is
     *     eight per processor, at least 16
     * @param queueCapacity how many more of it may wait; beyond that they are refused and go to other nodes
     */
    public record Executor(
            @Nullable Integer threads, @DefaultValue("1000") int queueCapacity) {

        public Executor {
            require(threads == null || threads >= 1, "ha.executor.threads", threads, "at least 1");
            require(queueCapacity >= 0, "ha.executor.queue-capacity", queueCapacity, "zero or more");
        }

        int effectiveThreads() {
            return threads != null
                    ? threads
                    : Math.max(16, 8 * Runtime.getRuntime().availableProcessors());
        }
    }

    /**
     * @param durableRefresh how long the figures of the task store are good before a scrape asks it again
     */
    public record Metrics(@DefaultValue("10s") Duration durableRefresh) {

        public Metrics {
            require(
                    durableRefresh.toMillis() >= 1000 && durableRefresh.toHours() < 24,
                    "ha.metrics.durable-refresh",
                    durableRefresh,
                    "at least 1s and less than a day");
        }
    }

    /**
     * @param enabled whether there is a page at /ha that shows what /actuator/ha knows, on the port of the actuator
     */
    public record Console(@DefaultValue("false") boolean enabled) {}

    /**
     * @param lease how long a node that the task store does not hear of keeps the durable tasks it has. A node that leaves the
     *     cluster without notice loses them earlier
     * @param concurrency how many durable tasks of one name a node executes at the same time while there are no others; several names
     *     share up to twice as many, but no more than it has threads for. Default is ha.executor.threads
     * @param pollInterval how often a node looks for durable tasks that are due
     * @param retention how long durable tasks are kept once they are over
     */
    public record Durable(
            @DefaultValue("15s") Duration lease,
            @Nullable Integer concurrency,
            @DefaultValue("500ms") Duration pollInterval,
            @DefaultValue("7d") Duration retention) {

        public Durable {
            require(
                    lease.toMillis() >= 1000 && lease.toHours() < 24,
                    "ha.durable.lease",
                    lease,
                    "at least 1s and less than a day");
            require(
                    concurrency == null || concurrency >= 1 && concurrency <= 10_000,
                    "ha.durable.concurrency",
                    concurrency,
                    "between 1 and 10000");
            require(
                    pollInterval.toMillis() >= 10 && pollInterval.compareTo(lease) < 0,
                    "ha.durable.poll-interval",
                    pollInterval,
                    "at least 10ms and less than ha.durable.lease");
            require(
                    !retention.isNegative() && !retention.isZero(),
                    "ha.durable.retention",
                    retention,
                    "more than zero");
        }

        WorkerSettings settings(int threads) {
            return new WorkerSettings(lease, concurrency != null ? concurrency : threads, pollInterval, retention);
        }
    }

    /**
     * @param heartbeatInterval how often nodes give a sign of life; three missing ones mean that the other node is dead
     * @param connectTimeout how long connecting and proving the cluster key may take
     * @param maxMessageSize largest message, which bounds arguments and results
     * @param ssl how links are opened to nodes with TLS
     */
    public record Link(
            @DefaultValue("1s") Duration heartbeatInterval,
            @DefaultValue("2s") Duration connectTimeout,
            @DefaultValue("16MB") DataSize maxMessageSize,
            @DefaultValue LinkSsl ssl) {

        public Link {
            require(isPositive(heartbeatInterval), "ha.link.heartbeat-interval", heartbeatInterval, "more than zero");
            require(isPositive(connectTimeout), "ha.link.connect-timeout", connectTimeout, "more than zero");
            require(
                    maxMessageSize.toBytes() >= 64 * 1024 && maxMessageSize.toBytes() <= 1024L * 1024 * 1024,
                    "ha.link.max-message-size",
                    maxMessageSize,
                    "between 64KB and 1GB");
        }
    }

    /**
     * @param bundle SSL bundle whose trust material judges the certificates of other nodes and whose key is shown to those that
     *     ask for one. With it, links are opened by TLS only. Default is what the server has in server.ssl
     */
    public record LinkSsl(@Nullable String bundle) {}

    /**
     * @param key secret of the cluster, the same on every node: at least 32 random bytes, in Base64. Left out, the first node
     *     makes one and keeps it in ZooKeeper
     * @param acceptedKeys further keys with which other nodes may prove themselves: the next one, before it becomes the key,
     *     and the last one, until no node uses it any more
     */
    public record Security(
            @Nullable String key, @DefaultValue List<String> acceptedKeys) {

        /** More would be no rotation, and each costs a little with every link. */
        private static final int MAX_ACCEPTED = 4;

        public Security {
            if (key != null) {
                requireSecret("ha.security.key", key);
            }
            acceptedKeys = List.copyOf(acceptedKeys);
            for (int i = 0; i < acceptedKeys.size(); i++) {
                requireSecret("ha.security.accepted-keys[" + i + "]", acceptedKeys.get(i));
            }
            require(
                    acceptedKeys.size() <= MAX_ACCEPTED,
                    "ha.security.accepted-keys",
                    acceptedKeys.size() + " keys",
                    "at most " + MAX_ACCEPTED + ": remove those that no node uses as its ha.security.key any more");
        }

        private static void requireSecret(String property, String key) {
            SecretCheck.problem(key).ifPresent(problem -> {
                throw new IllegalArgumentException(property + " " + problem
                        + ". It must be at least 32 random bytes in Base64, for example from: openssl rand -base64 32");
            });
        }

        /** The key's bytes, or null where none is configured. */
        byte @Nullable [] keyBytes() {
            return key == null ? null : SecretCheck.bytes(key);
        }

        List<byte[]> acceptedKeyBytes() {
            return acceptedKeys.stream().map(SecretCheck::bytes).toList();
        }

        /** Never the keys themselves. */
        @Override
        public String toString() {
            return "Security[key=" + (key == null ? "none" : "(hidden)") + ", acceptedKeys=" + acceptedKeys.size()
                    + " (hidden)]";
        }
    }

    /**
     * @param table where the fence keeps the highest epoch that wrote; with its schema before a dot where it needs one
     */
    public record Fence(@DefaultValue("ha_fence") String table) {

        public Fence {
            require(TableName.isPlain(table), "ha.fence.table", table, TableName.EXPECTED);
        }
    }

    /**
     * @param type which store
     * @param dataSource name of the data source's bean, for jdbc. Default is the only one, or the primary one
     * @param table where tasks are kept, for jdbc; with its schema before a dot where it needs one. The names of the other
     *     tables begin with it
     * @param maxPayload most characters of the arguments of a task, of its result and of its checkpoint, one counted as a byte;
     *     for jdbc and memory
     * @param statementTimeout how long one statement may take, for jdbc
     */
    public record TaskStore(
            @DefaultValue("zookeeper") Type type,
            @Nullable String dataSource,
            @DefaultValue("ha_task") String table,
            @DefaultValue("1MB") DataSize maxPayload,
            @DefaultValue("10s") Duration statementTimeout) {

        /** Which store. */
        public enum Type {
            /** That of this process, which forgets them when it ends; for tests and for one node. */
            MEMORY,
            /** The cluster's ZooKeeper; for few and small tasks. */
            ZOOKEEPER,
            /** The application's database, in whose transactions tasks are submitted. */
            JDBC
        }

        public TaskStore {
            require(TableName.isPlain(table), "ha.task-store.table", table, TableName.EXPECTED);
            require(
                    maxPayload.toBytes() >= 1024 && maxPayload.toBytes() <= 256L * 1024 * 1024,
                    "ha.task-store.max-payload",
                    maxPayload,
                    "between 1KB and 256MB");
            require(
                    statementTimeout.toMillis() >= 1000 && statementTimeout.toHours() < 24,
                    "ha.task-store.statement-timeout",
                    statementTimeout,
                    "at least 1s and less than a day");
        }

        int maxCharacters() {
            return (int) maxPayload.toBytes();
        }
    }

    private static boolean isPositive(Duration duration) {
        return !duration.isZero() && !duration.isNegative();
    }

    private static boolean isBlank(@Nullable String text) {
        return text == null || text.isBlank();
    }

    private static void requireName(String property, @Nullable String name) {
        require(
                isBlank(name) || NAME.matcher(String.valueOf(name)).matches(),
                property,
                name,
                "letters, digits, dots, colons, hyphens and underscores, starting with a letter or digit");
    }

    private static void require(boolean good, String property, @Nullable Object value, String expected) {
        if (!good) {
            throw new IllegalArgumentException(property + " is '" + value + "' but must be " + expected + ".");
        }
    }
}
