package org.hatask.campaign.soak.app;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration;
import org.springframework.scheduling.annotation.EnableScheduling;

/** A node whose calls never end; it keeps nothing of them itself. */
@SpringBootApplication(exclude = DataSourceAutoConfiguration.class)
@EnableScheduling
public class SoakNode {

    public static void main(String[] args) {
        SpringApplication.run(SoakNode.class, args);
    }
}
