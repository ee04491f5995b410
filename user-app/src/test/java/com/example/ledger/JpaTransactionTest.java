package com.example.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import jakarta.persistence.Entity;
import jakarta.persistence.EntityManager;
import jakarta.persistence.Id;
import jakarta.persistence.PersistenceContext;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hatask.Delivery;
import org.hatask.DurableTask;
import org.hatask.HaTask;
import org.hatask.HaTasks;
import org.hatask.TaskState;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.domain.EntityScan;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.annotation.Transactional;

/** A durable task that is submitted in a transaction of JPA is there when what JPA writes is there, and else is not. */
@Timeout(120)
class JpaTransactionTest {

    private static final List<String> CONFIRMED = new CopyOnWriteArrayList<>();

    private static ConfigurableApplicationContext context;

    @Entity
    static class Trade {

        @Id
        private String id;

        protected Trade() {}

        Trade(String id) {
            this.id = id;
        }
    }

    @EnableAutoConfiguration
    @EntityScan(basePackageClasses = Trade.class)
    @Import({Ledger.class, Mails.class, Receipts.class})
    static class Application {}

    static class Mails {

        private final Ledger ledger;

        Mails(Ledger ledger) {
            this.ledger = ledger;
        }

        @HaTask(name = "confirm", delivery = Delivery.DURABLE)
        public void confirm(String trade) {
            CONFIRMED.add(trade + (ledger.has(trade) ? "" : ", which is not there"));
        }
    }

    static class Receipts {

        @HaTask(name = "receipt", delivery = Delivery.DURABLE)
        public CompletableFuture<String> write(String trade) {
            return CompletableFuture.completedFuture("receipt of " + trade);
        }
    }

    static class Ledger {

        @PersistenceContext
        private EntityManager entities;

        @Transactional
        public void book(String trade, HaTasks tasks, boolean fails) {
            entities.persist(new Trade(trade));
            tasks.submit("confirm", trade);
            if (fails) {
                throw new IllegalStateException("no cover");
            }
        }

        @Transactional
        public CompletableFuture<String> bookWithReceipt(String trade, Receipts receipts, boolean waits) {
            entities.persist(new Trade(trade));
            CompletableFuture<String> receipt = receipts.write(trade);
            if (waits) {
                receipt.join();
            }
            return receipt;
        }

        @Transactional(readOnly = true)
        public boolean has(String trade) {
            return entities.find(Trade.class, trade) != null;
        }
    }

    @BeforeAll
    static void start(@TempDir Path directory) throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        context = new SpringApplicationBuilder(Application.class)
                .properties(
                        "server.port=0",
                        "spring.application.name=ledger",
                        "spring.datasource.url=jdbc:h2:mem:ledger;DB_CLOSE_DELAY=-1",
                        "spring.jpa.hibernate.ddl-auto=create",
                        "spring.jpa.open-in-view=false",
                        "ha.task-store.type=jdbc",
                        "ha.zookeeper.embedded.port=" + port,
                        "ha.zookeeper.embedded.data-dir=" + directory)
                .run("--spring.autoconfigure.exclude=");
    }

    @AfterAll
    static void stop() {
        context.close();
    }

    @Test
    void whatIsSubmittedGoesWithTheTransaction() {
        assertThat(context.getBean(PlatformTransactionManager.class)).isInstanceOf(JpaTransactionManager.class);
        Ledger ledger = context.getBean(Ledger.class);
        HaTasks tasks = context.getBean(HaTasks.class);

        assertThatThrownBy(() -> ledger.book("t1", tasks, true)).hasMessage("no cover");
        ledger.book("t2", tasks, false);

        await().atMost(Duration.ofSeconds(60)).until(() -> !CONFIRMED.isEmpty());
        assertThat(ledger.has("t1")).isFalse();
        assertThat(CONFIRMED).containsExactly("t2");
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(tasks.list("confirm", Set.of(), 10))
                        .extracting(DurableTask::state)
                        .containsExactly(TaskState.SUCCEEDED));
    }

    @Test
    void aResultIsWaitedForAfterTheCommitAndNotBefore() {
        Ledger ledger = context.getBean(Ledger.class);
        Receipts receipts = context.getBean(Receipts.class);

        assertThatThrownBy(() -> ledger.bookWithReceipt("t3", receipts, true))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("afterwards");
        assertThat(ledger.has("t3")).isFalse();

        assertThat(ledger.bookWithReceipt("t4", receipts, false))
                .succeedsWithin(Duration.ofSeconds(60))
                .isEqualTo("receipt of t4");
    }
}
