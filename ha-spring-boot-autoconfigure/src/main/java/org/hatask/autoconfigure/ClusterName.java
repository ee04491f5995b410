package org.hatask.autoconfigure;

import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * @param value name of the cluster: {@code ha.cluster}, else the application's name
 */
record ClusterName(String value) {

    static ClusterName of(HaProperties properties, Environment environment) {
        String configured = properties.cluster();
        return new ClusterName(
                StringUtils.hasText(configured)
                        ? configured
                        : environment
                                .getProperty("spring.application.name", "application")
                                .replaceAll("[^A-Za-z0-9._-]", "-"));
    }
}
