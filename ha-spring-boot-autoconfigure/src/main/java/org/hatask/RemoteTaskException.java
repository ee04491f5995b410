package org.hatask;

import java.util.List;

/**
 * The method threw an exception on another node, and this node cannot or must not build that type: only types that the
 * task's method declares in {@code throws}, {@link Retry#retryFor()} or {@link Retry#noRetryFor()}, and common ones of the
 * JDK, are rebuilt. Also the cause of every rebuilt exception, since it names the node.
 */
public class RemoteTaskException extends HaException {

    private final String nodeId;
    private final List<String> typeNames;

    /**
     * @param typeNames class name of the exception followed by those of its superclasses; not empty
     */
    public RemoteTaskException(String message, String nodeId, List<String> typeNames) {
        super(message);
        this.nodeId = nodeId;
        this.typeNames = List.copyOf(typeNames);
    }

    /** The node that executed the method. */
    public String nodeId() {
        return nodeId;
    }

    /** Class name of the exception on the other node. */
    public String typeName() {
        return typeNames.get(0);
    }

    /** Class name of the exception on the other node, followed by those of its superclasses. */
    public List<String> typeNames() {
        return typeNames;
    }
}
