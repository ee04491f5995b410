package org.hatask.sample;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** A small pricing desk: values options on every node, books trades on the master, reports on the others. */
@SpringBootApplication
@EnableConfigurationProperties(DeskProperties.class)
public class PricingDeskApplication {

    public static void main(String[] args) {
        SpringApplication.run(PricingDeskApplication.class, args);
    }
}
