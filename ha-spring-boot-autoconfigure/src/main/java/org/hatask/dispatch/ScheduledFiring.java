package org.hatask.dispatch;

import java.lang.StackWalker.StackFrame;
import java.lang.reflect.Proxy;
import java.util.Iterator;
import java.util.Set;
import org.hatask.execute.TaskDefinition;
import org.springframework.scheduling.support.ScheduledMethodRunnable;
import org.springframework.util.ClassUtils;

/**
 * Tells a firing of {@code @Scheduled} from any other call of the same method. Spring leaves no mark on the thread, but its
 * {@link ScheduledMethodRunnable} is on the stack, and the frame next to it is the method that it fired, on the bean's
 * proxy. Only asked for tasks that are scheduled, so the price is paid once a tick.
 */
final class ScheduledFiring {

    private static final StackWalker STACK = StackWalker.getInstance(Set.of(StackWalker.Option.RETAIN_CLASS_REFERENCE));

    private ScheduledFiring() {}

    static boolean isFiring(TaskDefinition task) {
        return STACK.walk(frames -> {
            StackFrame inner = null;
            for (Iterator<StackFrame> each = frames.iterator(); each.hasNext(); ) {
                StackFrame frame = each.next();
                if (frame.getDeclaringClass() == ScheduledMethodRunnable.class) {
                    return inner != null && isCallOf(task, inner);
                }
                inner = frame;
            }
            return false;
        });
    }

    /** Whether it is a firing that has not come through a dispatch on its way. */
    static boolean isUndispatchedFiring(TaskDefinition task) {
        boolean dispatched = STACK.walk(
                frames -> frames.takeWhile(frame -> frame.getDeclaringClass() != ScheduledMethodRunnable.class)
                        .anyMatch(frame -> frame.getDeclaringClass() == HaTaskInterceptor.class));
        return !dispatched && isFiring(task);
    }

    private static boolean isCallOf(TaskDefinition task, StackFrame frame) {
        Class<?> type = frame.getDeclaringClass();
        return frame.getMethodName().equals(task.method().getName())
                && (Proxy.isProxyClass(type)
                        || task.method().getDeclaringClass().isAssignableFrom(ClassUtils.getUserClass(type)));
    }
}
