package org.hatask.durable;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One node's way to a store that others share: it can be cut, before the store hears of a call or before it answers. */
public final class FlakyStore {

    /** What happens to a call. */
    public enum Line {
        WHOLE,
        /** The store does not hear of it. */
        CUT,
        /** The store does it, and the answer is lost. */
        ANSWERS_LOST
    }

    private final TaskStore target;
    private volatile boolean tells = true;
    private volatile @Nullable String lockedId;
    private volatile Line line = Line.WHOLE;
    private volatile Predicate<String> which = method -> true;
    private volatile Consumer<String> held = method -> {};

    public FlakyStore(TaskStore target) {
        this.target = target;
    }

    /** As a database, it does not tell when something may have changed. */
    public FlakyStore withoutNews() {
        tells = false;
        return this;
    }

    public void set(Line newLine) {
        set(newLine, method -> true);
    }

    /** Calls of this method that come now do not reach the store before the future completes; waits for the first. */
    public CompletableFuture<Void> hold(String method) {
        CompletableFuture<Void> goOn = new CompletableFuture<>();
        CountDownLatch caught = new CountDownLatch(1);
        held = name -> {
            if (name.equals(method)) {
                caught.countDown();
                goOn.join();
            }
        };
        try {
            caught.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return goOn;
    }

    /** Changes of this task are not answered any more, as where somebody keeps its row locked. */
    public FlakyStore lock(String id) {
        lockedId = id;
        return this;
    }

    public void unlock() {
        lockedId = null;
    }

    private boolean isLocked(String method, Object[] arguments) {
        return method.equals("replace")
                && ((List<?>) arguments[0])
                        .stream().anyMatch(one -> ((TaskRecord) one).id().equals(lockedId));
    }

    /** @param methods names of those it is true of */
    public void set(Line newLine, Predicate<String> methods) {
        which = methods;
        line = newLine;
    }

    public TaskStore store() {
        return (TaskStore) Proxy.newProxyInstance(
                TaskStore.class.getClassLoader(), new Class<?>[] {TaskStore.class}, (proxy, method, arguments) -> {
                    Line now = which.test(method.getName()) ? line : Line.WHOLE;
                    boolean local = method.getName().equals("isClaimedByNodes")
                            || method.getName().equals("addListener")
                            || method.getDeclaringClass() == Object.class;
                    if (method.getName().equals("addListener") && !tells) {
                        return null;
                    }
                    if (isLocked(method.getName(), arguments)) {
                        throw new StoreUnavailableException("locked", null);
                    }
                    if (now == Line.CUT && !local) {
                        throw new StoreUnavailableException("cut off", null);
                    }
                    held.accept(method.getName());
                    Object result;
                    try {
                        result = method.invoke(target, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getTargetException();
                    }
                    if (now == Line.ANSWERS_LOST && !local) {
                        throw new StoreUnavailableException("the answer got lost", null);
                    }
                    return result;
                });
    }
}
