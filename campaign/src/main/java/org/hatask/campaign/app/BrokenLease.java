package org.hatask.campaign.app;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicLong;
import org.hatask.cluster.MasterElection;
import org.hatask.cluster.Mastership;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.stereotype.Component;

/** The mutation {@code no-lease}: whoever was master of an epoch answers that epoch for ever, whatever the time. */
@Component
@ConditionalOnProperty(name = "campaign.mutation", havingValue = "no-lease")
class BrokenLease implements BeanPostProcessor {

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        if (!(bean instanceof MasterElection election)) {
            return bean;
        }
        AtomicLong last = new AtomicLong();
        Mastership sticky = () -> last.accumulateAndGet(election.mastership().heldEpoch(), Math::max);
        return Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {MasterElection.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("mastership")) {
                        return sticky;
                    }
                    try {
                        return method.invoke(election, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
