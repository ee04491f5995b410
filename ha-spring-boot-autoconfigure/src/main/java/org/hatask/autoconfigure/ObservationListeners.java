package org.hatask.autoconfigure;

import io.micrometer.core.instrument.observation.MeterObservationHandler;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.ClassUtils;

/**
 * Who hears of observations. The actuator makes meters of them all, also where nothing is traced, and calls in place would cost
 * several times as much for meters that are not wanted.
 */
final class ObservationListeners {

    private static final String METERS = "io.micrometer.core.instrument.observation.MeterObservationHandler";
    private static final String CUSTOMIZER =
            "org.springframework.boot.actuate.autoconfigure.observation.ObservationRegistryCustomizer";

    private ObservationListeners() {}

    /** The application's registry; one that does nothing where only meters would be made. */
    static ObservationRegistry registry(ConfigurableListableBeanFactory beans) {
        ClassLoader loader = beans.getBeanClassLoader();
        boolean mayBeMetersOnly = ClassUtils.isPresent(METERS, loader) && !hasCustomizers(beans, loader);
        return mayBeMetersOnly && OnlyMeters.listen(beans)
                ? ObservationRegistry.NOOP
                : beans.getBean(ObservationRegistry.class);
    }

    /** They may add handlers that are no beans. */
    private static boolean hasCustomizers(ListableBeanFactory beans, @Nullable ClassLoader loader) {
        return ClassUtils.isPresent(CUSTOMIZER, loader)
                && beans.getBeanNamesForType(ClassUtils.resolveClassName(CUSTOMIZER, loader)).length > 0;
    }

    /** Loaded only where there is what it knows. */
    private static final class OnlyMeters {

        static boolean listen(ListableBeanFactory beans) {
            return beans.getBeanProvider(MeterObservationHandler.class).stream()
                            .findAny()
                            .isPresent()
                    && beans.getBeanProvider(ObservationHandler.class).stream()
                            .allMatch(MeterObservationHandler.class::isInstance);
        }
    }
}
