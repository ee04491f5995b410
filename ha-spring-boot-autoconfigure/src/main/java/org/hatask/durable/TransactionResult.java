package org.hatask.durable;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The result of a task that may have been submitted in a transaction. It is executed after the commit: to wait for it before that,
 * on the thread that is to commit, would be to wait for ever, so that throws instead.
 */
final class TransactionResult<T extends @Nullable Object> extends CompletableFuture<T> {

    private final Transaction transaction;

    /** What all futures know that hang on each other. */
    private static final class Transaction {

        private final String task;
        private volatile @Nullable Thread thread = Thread.currentThread();

        Transaction(String task) {
            this.task = task;
        }

        void requireEnd() {
            if (thread == Thread.currentThread()) {
                throw new IllegalStateException("Task " + task
                        + " is executed after the transaction in which it was submitted: to wait for its result before that"
                        + " transaction is committed would be to wait for ever. Wait for it afterwards.");
            }
        }
    }

    /** @param task the name of the task, which the calling thread has just submitted */
    TransactionResult(String task) {
        this(new Transaction(task));
    }

    private TransactionResult(Transaction transaction) {
        this.transaction = transaction;
    }

    /** There is no transaction, or not any more. */
    void transactionIsOver() {
        transaction.thread = null;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new TransactionResult<>(transaction);
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        requireEnd();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        requireEnd();
        return super.get(timeout, unit);
    }

    @Override
    public T join() {
        requireEnd();
        return super.join();
    }

    private void requireEnd() {
        if (!isDone()) {
            transaction.requireEnd();
        }
    }
}
