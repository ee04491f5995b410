package org.hatask.benchmarks.calls;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** What one would write by hand: a controller, and a {@code RestClient} that takes the servers in turn. */
final class RestCalls implements Contender {

    record Order(String text, int number) {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {

        @Bean
        @LoadBalanced
        RestClient.Builder restClientBuilder() {
            return RestClient.builder();
        }
    }

    @RestController
    static class Desk {

        @PostMapping("/work")
        String work(@RequestBody Order order) {
            return Contender.answer(order.text(), order.number());
        }
    }

    @Override
    public AutoCloseable serve(Place place) {
        return start(place);
    }

    @Override
    public Caller call(Place place) {
        ConfigurableApplicationContext context = start(place);
        RestClient client =
                context.getBean(RestClient.Builder.class).baseUrl("http://desk").build();
        return new Caller() {
            @Override
            public String work(String text, int number) {
                return client.post()
                        .uri("/work")
                        .body(new Order(text, number))
                        .retrieve()
                        .body(String.class);
            }

            @Override
            public void close() {
                context.close();
            }
        };
    }

    private static ConfigurableApplicationContext start(Place place) {
        Stream<String> servers = IntStream.range(0, place.serverPorts().size())
                .mapToObj(i -> "spring.cloud.discovery.client.simple.instances.desk[" + i + "].uri=http://127.0.0.1:"
                        + place.serverPorts().get(i));
        return WebApplication.start(
                Application.class,
                place,
                Stream.concat(Stream.of("ha.enabled=false"), servers).toList());
    }
}
