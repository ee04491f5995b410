package org.hatask.benchmarks.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.aopalliance.intercept.MethodInterceptor;
import org.hatask.HaCluster;
import org.hatask.HaTask;
import org.hatask.benchmarks.PostgreSql;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.hazelcast.HazelcastAutoConfiguration;
import org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;
import org.springframework.util.FileSystemUtils;

/** One method, called in four ways; the node is alone in its cluster, and everything is on that a user has. */
@State(Scope.Benchmark)
public class LocalCalls {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Desk.class)
    static class Application {}

    /** Proxied, so public. */
    @Component("desk")
    public static class Desk {

        @HaTask
        public String work(String text, int number) {
            return text;
        }

        @HaTask
        public CompletableFuture<String> workLater(String text, int number) {
            return CompletableFuture.completedFuture(text);
        }
    }

    private Path zooKeeperData = Path.of("");
    private ConfigurableApplicationContext context;
    private Desk desk;
    private Desk plain;

    @Setup(Level.Trial)
    public void start() throws Exception {
        ProxyFactory proxies = new ProxyFactory(new Desk());
        proxies.setProxyTargetClass(true);
        // Everybody's proxies do something; this one does nothing, so the rest is ours.
        proxies.addAdvice((MethodInterceptor) invocation -> invocation.proceed());
        plain = (Desk) proxies.getProxy();

        zooKeeperData = Files.createTempDirectory("ha-benchmark-zookeeper-");
        context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.SERVLET)
                .properties(
                        "spring.application.name=benchmark",
                        "spring.main.banner-mode=off",
                        "spring.jmx.enabled=false",
                        "spring.autoconfigure.exclude=" + DataSourceAutoConfiguration.class.getName() + ","
                                + HazelcastAutoConfiguration.class.getName(),
                        "server.port=0",
                        "server.address=127.0.0.1",
                        "ha.node.id=benchmark",
                        "ha.zookeeper.embedded.port=" + PostgreSql.freePort(),
                        "ha.zookeeper.embedded.data-dir=" + zooKeeperData)
                .run();
        desk = context.getBean(Desk.class);
        HaCluster cluster = context.getBean(HaCluster.class);
        while (cluster.members().isEmpty()) {
            Thread.onSpinWait();
        }
    }

    @TearDown(Level.Trial)
    public void stop() throws IOException {
        context.close();
        FileSystemUtils.deleteRecursively(zooKeeperData);
    }

    @Benchmark
    public String plain() {
        return plain.work("text", 1);
    }

    @Benchmark
    public String task() {
        return desk.work("text", 1);
    }

    @Benchmark
    public String plainLater() {
        return plain.workLater("text", 1).join();
    }

    @Benchmark
    public String taskLater() {
        return desk.workLater("text", 1).join();
    }
}
