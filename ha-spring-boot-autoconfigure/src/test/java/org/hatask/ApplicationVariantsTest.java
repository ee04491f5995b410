package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.OverridingClassLoader;

/** What else applications do with their contexts: made lazily, restarted with new classes, several in one process. */
@Timeout(120)
class ApplicationVariantsTest {

    private TestNodes nodes;

    record Order(String article) {}

    static class Desk {

        private final HaCluster cluster;

        Desk(HaCluster cluster) {
            this.cluster = cluster;
        }

        @HaTask
        public String where() {
            return cluster.self().id();
        }

        @HaTask(role = Role.WORKER)
        public Order pack(Order order) {
            return new Order(order.article() + " packed by " + cluster.self().id());
        }
    }

    /** For callers that have the class from another class loader. */
    static class Packer implements Callable<String> {

        private final Desk desk;

        Packer(Desk desk) {
            this.desk = desk;
        }

        @Override
        public String call() {
            return desk.pack(new Order("tea")).article();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {
                SecurityAutoConfiguration.class,
                ManagementWebSecurityAutoConfiguration.class,
                UserDetailsServiceAutoConfiguration.class
            })
    static class Application {

        @Bean
        Desk desk(HaCluster cluster) {
            return new Desk(cluster);
        }

        @Bean
        Callable<String> packer(Desk desk) {
            return new Packer(desk);
        }
    }

    @BeforeEach
    void start() throws Exception {
        nodes = new TestNodes(Application.class);
    }

    @AfterEach
    void stop() throws Exception {
        nodes.close();
    }

    @Test
    void lazyInitialisationDelaysTheApplicationsBeansAndNothingOfTheEngine() {
        nodes.start("a", "spring.main.lazy-initialization=true");
        nodes.start("b", "spring.main.lazy-initialization=true");
        nodes.awaitAgreement();
        ConfigurableApplicationContext b = nodes.node("b");

        assertThat(b.getBeanFactory().containsSingleton("desk")).isFalse();
        for (String name : b.getBeanFactory().getBeanDefinitionNames()) {
            if (name.matches("ha[A-Z].*")
                    && !name.equals("haTaskStore")
                    && b.getBeanFactory().getBeanDefinition(name).isSingleton()) {
                assertThat(b.getBeanFactory().containsSingleton(name)).as(name).isTrue();
            }
        }
        await().atMost(TestNodes.PATIENCE)
                .until(() -> nodes.bean("a", Desk.class).where().equals("b"));
        assertThat(b.getBeanFactory().containsSingleton("desk")).isTrue();
    }

    /** What devtools does: the application's classes come anew, those of libraries stay. */
    @Test
    void anApplicationThatIsRestartedWithNewClassesIsANodeLikeBefore() throws Exception {
        nodes.start("a");
        restarted("b");
        nodes.lead("a");
        assertThat(packer("a").call()).isEqualTo("tea packed by b");
        nodes.lead("b");
        assertThat(packer("b").call()).isEqualTo("tea packed by a");
        Class<?> before = nodes.node("b").getType("desk");

        nodes.stop("b");
        restarted("b");

        nodes.lead("a");
        assertThat(packer("a").call()).isEqualTo("tea packed by b");
        nodes.lead("b");
        assertThat(packer("b").call()).isEqualTo("tea packed by a");
        assertThat(nodes.node("b").getType("desk")).isNotEqualTo(before);
    }

    private void restarted(String id) throws ClassNotFoundException {
        ClassLoader usual = Thread.currentThread().getContextClassLoader();
        ClassLoader fresh = new OverridingClassLoader(usual) {
            @Override
            protected boolean isEligibleForOverriding(String className) {
                return className.startsWith(ApplicationVariantsTest.class.getName());
            }
        };
        Thread.currentThread().setContextClassLoader(fresh);
        try {
            nodes.start(fresh.loadClass(Application.class.getName()), id);
        } finally {
            Thread.currentThread().setContextClassLoader(usual);
        }
        nodes.awaitAgreement();
    }

    @SuppressWarnings("unchecked")
    private Callable<String> packer(String id) {
        return (Callable<String>) nodes.node(id).getBean("packer");
    }

    @Test
    void nodesOfTwoClustersAndOnesWithoutAWebServerLiveInOneProcess() {
        nodes.startAll("a");
        ConfigurableApplicationContext other = nodes.start("another a", "ha.cluster=another", "ha.node.id=a");
        HaCluster another = other.getBean(HaCluster.class);
        await().atMost(TestNodes.PATIENCE).until(() -> another.master().isPresent() && another.isMaster());
        assertThat(another.members()).hasSize(1);
        assertThat(other.getBean(Desk.class).where()).isEqualTo("a");
        String[] caller = {"ha.cluster=another", "ha.node.id=", "spring.main.web-application-type=none"};
        HaCluster first = nodes.start("caller 1", caller).getBean(HaCluster.class);
        ConfigurableApplicationContext second = nodes.start("caller 2", caller);

        await().atMost(TestNodes.PATIENCE)
                .until(() -> another.members().size() == 3
                        && second.getBean(HaCluster.class).members().size() == 3
                        && second.getBean(HaCluster.class).master().isPresent());
        assertThat(first.self().id())
                .isNotEqualTo(second.getBean(HaCluster.class).self().id());
        assertThat(second.getBean(Desk.class).where()).isEqualTo("a");
    }
}
