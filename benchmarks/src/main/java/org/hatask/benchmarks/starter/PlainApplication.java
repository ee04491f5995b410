package org.hatask.benchmarks.starter;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A web application with one controller. */
@SpringBootApplication
@ComponentScan(useDefaultFilters = false)
@Import(PlainApplication.Greeter.class)
public class PlainApplication {

    public static void main(String[] args) {
        SpringApplication.run(PlainApplication.class, args);
    }

    @RestController
    static class Greeter {

        @GetMapping("/")
        String greet() {
            return "hello";
        }
    }
}
