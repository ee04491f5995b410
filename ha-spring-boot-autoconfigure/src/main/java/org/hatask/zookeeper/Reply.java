package org.hatask.zookeeper;

import java.util.List;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.OpResult.ErrorResult;
import org.apache.zookeeper.OpResult.GetChildrenResult;
import org.apache.zookeeper.OpResult.GetDataResult;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a multi.
 *
 * @param code OK, the error of the operation that failed, or that of the connection
 * @param results one per operation; empty when no answer came
 * @param sentNanos when it was handed to the client, on the monotonic clock
 * @param ackedNanos when the answer was seen
 */
public record Reply(Code code, List<OpResult> results, long sentNanos, long ackedNanos) {

    public boolean isOk() {
        return code == Code.OK;
    }

    /** Whether it is unknown what became of it, since the connection was lost. */
    boolean isConnectionLoss() {
        return isConnectionLoss(code);
    }

    boolean isSessionLoss() {
        return isSessionLoss(code);
    }

    /** Whether nobody knows what became of it. */
    public boolean isLost() {
        return isLost(code);
    }

    /** Whether nobody knows what became of what was answered so. */
    public static boolean isLost(Code code) {
        return isConnectionLoss(code) || isSessionLoss(code);
    }

    private static boolean isConnectionLoss(Code code) {
        return code == Code.CONNECTIONLOSS
                || code == Code.OPERATIONTIMEOUT
                || code == Code.REQUESTTIMEOUT
                || code == Code.SESSIONMOVED;
    }

    private static boolean isSessionLoss(Code code) {
        return code == Code.SESSIONEXPIRED || code == Code.AUTHFAILED;
    }

    /** Index of the operation that failed, -1 when there is none. */
    public int failedIndex() {
        for (int i = 0; i < results.size(); i++) {
            if (errorOf(i) != Code.OK) {
                return i;
            }
        }
        return -1;
    }

    Code errorOf(int index) {
        if (index >= results.size()) {
            return code;
        }
        return results.get(index) instanceof ErrorResult error ? Code.get(error.getErr()) : Code.OK;
    }

    /** The children that were read by this operation; empty when there is no such node. */
    List<String> children(int index) {
        return index < results.size() && results.get(index) instanceof GetChildrenResult children
                ? children.getChildren()
                : List.of();
    }

    /** What was read by this operation, or null when there is no such node. */
    @Nullable
    GetDataResult data(int index) {
        return index < results.size() && results.get(index) instanceof GetDataResult data ? data : null;
    }
}
