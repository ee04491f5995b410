package org.hatask.benchmarks.starter;

import org.hatask.HaCluster;
import org.hatask.HaTask;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The same with a task that its controller calls. */
@SpringBootApplication
@ComponentScan(useDefaultFilters = false)
@Import({TaskApplication.Greeter.class, TaskApplication.Desk.class})
public class TaskApplication {

    public static void main(String[] args) {
        SpringApplication.run(TaskApplication.class, args);
    }

    @Component
    static class Desk {

        @HaTask
        public String greet() {
            return "hello";
        }
    }

    @RestController
    static class Greeter {

        private final Desk desk;
        private final HaCluster cluster;

        Greeter(Desk desk, HaCluster cluster) {
            this.desk = desk;
            this.cluster = cluster;
        }

        @GetMapping("/")
        String greet() {
            return cluster.members().isEmpty() ? "" : desk.greet();
        }
    }
}
