package org.hatask;

import org.springframework.boot.web.embedded.netty.NettyReactiveWebServerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;

/**
 * For applications of WebFlux in tests, where Tomcat is on the class path and would be taken. With threads of their own: those that
 * Netty servers of a process share otherwise end with the first of them.
 */
@Configuration(proxyBeanMethods = false)
public class OnNetty {

    /** Property of an application that is to be of WebFlux. */
    public static final String REACTIVE = "spring.main.web-application-type=reactive";

    @Bean
    ReactorResourceFactory threads() {
        ReactorResourceFactory threads = new ReactorResourceFactory();
        threads.setUseGlobalResources(false);
        return threads;
    }

    @Bean
    NettyReactiveWebServerFactory server(ReactorResourceFactory threads) {
        NettyReactiveWebServerFactory server = new NettyReactiveWebServerFactory();
        server.setResourceFactory(threads);
        return server;
    }
}
