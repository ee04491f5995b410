package org.hatask.sample;

import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.EnableScheduling;

/** Switches the schedules on; apart from the application, so that tests of a slice do not settle by themselves. */
@Configuration(proxyBeanMethods = false)
@EnableScheduling
class Schedules {}
