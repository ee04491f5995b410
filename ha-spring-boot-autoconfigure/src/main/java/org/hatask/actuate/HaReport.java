package org.hatask.actuate;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.hatask.Role;
import org.hatask.cluster.OperatorAction;
import org.hatask.standby.StandbyStatus;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /actuator/ha} shows. Names of components are the names in its JSON.
 *
 * @param now when this was, by this node's clock
 * @param status how the cluster is, in a word, with what an operator should look at
 * @param cluster name of the cluster
 * @param topology how roles are given
 * @param architecture what that means: who executes, and what happens when the master fails
 * @param node this node
 * @param master the master as this node knows it, or null
 * @param masterless since when there is no master as far as this node knows, or null while there is one. Without ZooKeeper,
 *     {@code master} is the last one known, and this is set when that is this node and does not hold it for certain any more
 * @param members all members
 * @param departed who left within the last hour and has not come back, as far as this node has seen it since its start
 * @param tasks this node's tasks, with the calls made on it
 * @param failureDetection the judgement as a whole
 * @param coordination the connection to ZooKeeper
 * @param history the last changes of master, oldest first
 * @param appointed whom an operator has appointed or demoted, or null
 * @param actions the last commands of operators, oldest first
 * @param events the last of what this node has seen since its start, oldest first
 * @param standby how far the beans of the primary are started here, or null where nobody stands by cold
 */
public record HaReport(
        Instant now,
        Status status,
        String cluster,
        String topology,
        Architecture architecture,
        OwnNode node,
        @Nullable MasterInfo master,
        @Nullable Masterless masterless,
        List<Member> members,
        List<Departed> departed,
        List<Task> tasks,
        FailureDetection failureDetection,
        CoordinationInfo coordination,
        List<Change> history,
        @Nullable Appointed appointed,
        List<OperatorAction> actions,
        List<Event> events,
        @Nullable StandbyStatus standby) {

    /**
     * @param level in a word
     * @param since since when, as far as that is known: there has been no master, or something has been to look at
     * @param concerns what to look at
     */
    public record Status(Level level, @Nullable Instant since, List<Concern> concerns) {

        public Status {
            concerns = List.copyOf(concerns);
        }
    }

    /** How the cluster is. */
    public enum Level {
        OK,
        /** There is a master, and something to look at. */
        DEGRADED,
        NO_MASTER
    }

    /**
     * @param node whom it is about, or null
     * @param text what it is; to be read after the node's name where there is one
     * @param since since when, or null
     */
    public record Concern(
            @Nullable String node, String text, @Nullable Instant since) {}

    /**
     * @param topology {@code ha.topology}
     * @param standby {@code ha.standby}, or null where nobody stands by
     * @param election who becomes master
     * @param executes who executes which tasks
     * @param whenTheMasterFails what happens then
     */
    public record Architecture(
            String topology, @Nullable String standby, String election, String executes, String whenTheMasterFails) {}

    /**
     * @param node the appointed node, or null when somebody shall not be master and that is all
     * @param demoted the node that shall not be master while another can be, or null
     * @param since when that was said
     * @param by who said so
     */
    public record Appointed(@Nullable String node, @Nullable String demoted, Instant since, String by) {}

    /**
     * @param id its name
     * @param incarnation its incarnation
     * @param role {@code MASTER} exactly while its own lease holds
     * @param state {@code UP}, {@code DRAINING}, or {@code JOINING} while it is no member
     * @param uri where it answers
     * @param since start of its process
     * @param inFlight attempts that run or wait on it
     */
    public record OwnNode(
            String id, String incarnation, Role role, String state, URI uri, Instant since, int inFlight) {}

    /**
     * @param id its name
     * @param incarnation its incarnation
     * @param epoch its epoch
     * @param since when it became master, by its own clock
     * @param cause why
     */
    public record MasterInfo(String id, String incarnation, long epoch, Instant since, String cause) {}

    /**
     * @param since when this node saw the last master go, or lost ZooKeeper, by its own clock; or when it started, if it has
     *     seen none
     * @param former who that was, or null
     * @param epoch its epoch, or null
     */
    public record Masterless(
            Instant since,
            @Nullable String former,
            @Nullable Long epoch) {}

    /**
     * @param id its name
     * @param incarnation its incarnation
     * @param at when it was gone, by this node's clock
     * @param how how it went
     */
    public record Departed(String id, String incarnation, Instant at, Departure how) {}

    /** How a node goes. */
    public enum Departure {
        /** It said that it would stop. */
        IN_ORDER,
        /** It could not be reached any more: it was killed, cut off or silent for too long. */
        VANISHED,
        /** This node had no link to it and has not seen it. */
        UNKNOWN
    }

    /**
     * @param id its name
     * @param incarnation its incarnation
     * @param version of its application, or null where it has none
     * @param uri where it answers
     * @param since start of its process, by its own clock
     * @param role its role as this node knows it
     * @param state what it says of itself
     * @param drained who has drained it, or null
     * @param health what this node thinks of it
     * @param masterEligible whether it may become master
     * @param acceptsTasks whether it executes tasks
     * @param weight its share of the work
     * @param zone where it stands
     * @param load of its machine and process by its last word over a link, or null without a link
     * @param inFlight attempts that run or wait there by that word, or null
     * @param oldestTask the longest running task there, or null
     * @param running the twenty longest running there, the oldest first, or null
     * @param tasksNotHere names of its tasks that this node lacks; null when it does not say which tasks it has
     */
    public record Member(
            String id,
            String incarnation,
            @Nullable String version,
            URI uri,
            Instant since,
            Role role,
            String state,
            @Nullable Drained drained,
            Health health,
            boolean masterEligible,
            boolean acceptsTasks,
            int weight,
            @Nullable String zone,
            @Nullable Load load,
            @Nullable Integer inFlight,
            @Nullable RunningTask oldestTask,
            @Nullable List<RunningTask> running,
            @Nullable List<String> tasksNotHere) {}

    /**
     * @param status {@code UP}, {@code UNREACHABLE}, {@code SICK}, {@code SUSPECT}, {@code PROBING} or {@code RAMPING}
     * @param reason why it is not up, or null
     * @param since when that came about, by this node's clock
     */
    public record Health(String status, @Nullable String reason, Instant since) {}

    /**
     * @param panic whether so many nodes look sick that none is left out
     * @param sickTasks tasks that were overdue on several nodes, so that they are to blame and not the nodes
     */
    public record FailureDetection(boolean panic, List<SickTask> sickTasks) {}

    /**
     * @param task name of the task
     * @param nodes where it was overdue
     * @param since when that was found out
     */
    public record SickTask(String task, List<String> nodes, Instant since) {}

    /**
     * @param at when, by the clock of the node that wrote it
     * @param by who said so
     * @param why his reason, or null
     */
    public record Drained(Instant at, String by, @Nullable String why) {}

    /**
     * @param system load average of the machine's last minute, or null where it has none
     * @param heapUsed bytes
     * @param heapMax bytes, or null where there is no limit
     */
    public record Load(
            @Nullable Double system,
            long heapUsed,
            @Nullable Long heapMax) {}

    /**
     * @param task name of the task
     * @param taskId id of the execution
     * @param runningMillis since it was taken on
     */
    public record RunningTask(String task, String taskId, long runningMillis) {}

    /**
     * @param at when this node saw it, the last time
     * @param kind what kind of thing
     * @param node whom it is about, or null
     * @param text what happened, to be read after the node's name
     * @param count how often in a row
     */
    public record Event(
            Instant at, EventKind kind, @Nullable String node, String text, int count) {

        boolean isSame(EventKind otherKind, @Nullable String otherNode, String otherText) {
            return kind == otherKind && Objects.equals(node, otherNode) && text.equals(otherText);
        }
    }

    /** What can happen. */
    public enum EventKind {
        JOINED,
        LEFT,
        /** It takes tasks, or not any more, by its own or an operator's word. */
        STATE,
        MASTER,
        NO_MASTER,
        /** This node thinks otherwise of it. */
        HEALTH,
        /** A durable task was taken from it. */
        TASK_MOVED
    }

    /**
     * @param name its name
     * @param role which nodes may execute it
     * @param nodes ids of the members that have it, or do not say which tasks they have, whatever their roles
     * @param missingOn ids of the members that cannot execute it, and why: {@code has no such task} or
     *     {@code has another signature}
     * @param method the method behind it
     * @param maxAttempts how often it may be started
     * @param timeout of one attempt
     * @param calls finished calls made on this node
     * @param failures those that ended in an exception
     * @param retries attempts beyond the first of a call
     * @param p50Millis median duration of the last calls
     * @param p99Millis 99th percentile of the last calls
     * @param usualMillis median of the last successful runs on this node, or null before the first
     */
    public record Task(
            String name,
            Role role,
            List<String> nodes,
            Map<String, String> missingOn,
            String method,
            int maxAttempts,
            Duration timeout,
            long calls,
            long failures,
            long retries,
            @Nullable Double p50Millis,
            @Nullable Double p99Millis,
            @Nullable Double usualMillis) {}

    /**
     * @param state of the connection
     * @param since when that came about
     * @param connectString where ZooKeeper is
     * @param sessionTimeout as negotiated
     * @param problem what an operator should know, or null
     */
    public record CoordinationInfo(
            String state,
            Instant since,
            String connectString,
            Duration sessionTimeout,
            @Nullable String problem) {}

    /**
     * @param epoch of the new master
     * @param node the new master
     * @param incarnation its incarnation
     * @param since when, by its own clock
     * @param cause why
     * @param gapMillis from the former master's last sign of life to the new one, or null where there was none
     */
    public record Change(
            long epoch,
            String node,
            String incarnation,
            Instant since,
            String cause,
            @Nullable Long gapMillis) {}
}
