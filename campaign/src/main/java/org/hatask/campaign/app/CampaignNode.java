package org.hatask.campaign.app;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** One node of the cluster under test. */
@SpringBootApplication
@EnableConfigurationProperties(NodeSettings.class)
public class CampaignNode {

    public static void main(String[] args) {
        SpringApplication.run(CampaignNode.class, args);
    }
}
