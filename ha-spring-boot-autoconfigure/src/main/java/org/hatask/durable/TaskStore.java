package org.hatask.durable;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where durable tasks are kept. Every decision about a task is made outside, as a new {@link TaskRecord}; the store only makes
 * sure that a record takes the place of no other than the one it was made from. The stores of this project all pass
 * {@code TaskStoreConformanceTest}, which is among its tests and not published: an implementation of one's own takes a copy.
 *
 * <p>Thread-safe. Methods block, and throw {@link StoreUnavailableException} when the store does not answer in reasonable
 * time, after which nothing is known of what they did; any other {@link org.hatask.TaskStoreException} means that nothing was
 * done. A record that cannot be read is left out everywhere, set aside, logged once and counted in {@link #counts}.
 */
public interface TaskStore extends AutoCloseable {

    /** The time of the store's own clock: the only one by which times of records are written and compared. */
    Instant now();

    /** Whether the record is small enough to be kept. */
    boolean fits(TaskRecord task);

    /**
     * Keeps new tasks, or finds those that were submitted before with the same name and idempotency key.
     *
     * @param tasks with version 0; their ids are new
     * @return for every task the record that is kept, with its version; another than the given one where the key was known
     * @throws org.hatask.TaskStoreException when one of them is too large or the store is full; none is kept then
     */
    List<TaskRecord> submit(List<TaskRecord> tasks);

    /**
     * Runs one of the actions when it is known what becomes of what this thread has submitted: at once, or after the end of its
     * transaction.
     *
     * @param kept what was submitted is safe
     * @param rolledBack it is not there
     */
    default void afterTransaction(Runnable kept, Runnable rolledBack) {
        kept.run();
    }

    /** The tasks with these ids; those that are not kept are missing. In no order. */
    List<TaskRecord> find(Collection<String> ids);

    /** The task of this name that was submitted with this idempotency key; empty when none is kept. */
    Optional<TaskRecord> find(String task, String key);

    /**
     * Changes tasks, each only if the store still has it in the version of the given record; that then becomes one more.
     *
     * @return for every task whether it was changed
     */
    List<Boolean> replace(List<TaskRecord> changed);

    // Workers

    /**
     * Lets a worker hold tasks, for as long as its lease is renewed.
     *
     * @param worker {@code <incarnation>.<number>}, never used before
     */
    void register(String worker, Duration lease);

    /**
     * Prolongs the lease to this time from now.
     *
     * @return false when the worker is not registered: its tasks may have been given to others
     */
    boolean renew(String worker, Duration lease);

    /** Ends the registration of the worker; what it holds is {@link #abandoned} from now on. */
    void release(String worker);

    /**
     * Ends the registrations whose lease has run out.
     *
     * @param latest none of them if the store's clock is later than this, since then it was set
     */
    void expire(Instant latest);

    /** The workers registered now. */
    Set<String> workers();

    /** What the worker has in hand. */
    List<TaskRecord> heldBy(String worker);

    /** Tasks that are in the hands of a worker that is not registered. */
    List<TaskRecord> abandoned(int atMost);

    /** Tasks whose time to live is over and that have not begun. */
    List<TaskRecord> outdated(int atMost);

    /**
     * Whether nodes give tasks to themselves, with {@link #claim}. If not, the manager on the master gives them out, with
     * {@link #due} and {@link #replace}, and supervises alone.
     */
    boolean isClaimedByNodes();

    /**
     * Gives tasks that are due to the worker, those due longest first. Only where {@link #isClaimedByNodes()}; else none. As
     * far as {@link ClaimRequest#give} begins their attempts, the store may do so in the same write: that is up to it, task by task.
     *
     * @return them, RUNNING or LEASED; none when the worker is not registered
     */
    List<TaskRecord> claim(ClaimRequest request);

    /** Tasks that are due and not paused, those due longest first. */
    List<TaskRecord> due(int atMost);

    /**
     * Calls the listener, quickly and on any thread, when something may have changed that concerns this node: for stores that
     * can tell. Others are looked at from time to time.
     */
    default void addListener(Runnable listener) {}

    // Operators

    /** From now on gives out no task of this name. */
    void pause(String task);

    /** Gives out tasks of this name again. */
    void resume(String task);

    /** Names of the tasks that are paused. */
    Set<String> paused();

    /** How many tasks are kept here, by state. */
    TaskCounts counts();

    /**
     * How many tasks are PENDING or in RETRY_WAIT, whenever they are due, by name and signature. In no order. It is asked every
     * few seconds.
     */
    List<WaitingTasks> waiting();

    /** A page of the tasks that an operator looks for, the last submitted first. */
    List<TaskRecord> list(TaskQuery query);

    /**
     * Forgets final tasks that ended before this time.
     *
     * @return how many
     */
    int prune(Instant endedBefore, int atMost);

    /** Called from time to time, by any node, so that the store can put in order what would slow it down. */
    default void tidy() {}

    /** Leaves alone what it was given from outside, such as a data source. */
    @Override
    void close();
}
