package org.hatask.campaign.soak.app;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.hatask.Balance;
import org.hatask.BalanceKey;
import org.hatask.HaTask;
import org.hatask.Retry;
import org.hatask.Role;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** One task for each way that a call can take or end. */
@Component
class SoakTasks {

    @HaTask(name = "any", role = Role.ANY, timeout = "4s")
    public String any(String text) throws InterruptedException {
        Thread.sleep(ThreadLocalRandom.current().nextInt(5));
        return text;
    }

    @HaTask(name = "again", role = Role.ANY, timeout = "4s", retry = @Retry(maxAttempts = 3, delay = "20ms"))
    public String again(String text) {
        return text;
    }

    @HaTask(name = "worker", role = Role.WORKER, timeout = "4s")
    public String worker(String text) {
        return text;
    }

    @HaTask(name = "master", role = Role.MASTER, timeout = "4s")
    public String master(String text) {
        return text;
    }

    @HaTask(name = "hashed", role = Role.ANY, timeout = "4s", balance = Balance.CONSISTENT_HASH)
    public String hashed(@BalanceKey String key) {
        return key;
    }

    @HaTask(name = "later", role = Role.ANY, timeout = "4s")
    public CompletableFuture<String> later(String text) {
        return CompletableFuture.completedFuture(text);
    }

    /** Is cancelled every now and then. */
    @HaTask(name = "late", role = Role.ANY, timeout = "40ms")
    public String late(String text) throws InterruptedException {
        Thread.sleep(ThreadLocalRandom.current().nextInt(50));
        return text;
    }

    @HaTask(name = "fails", role = Role.ANY, timeout = "4s", retry = @Retry(maxAttempts = 2, delay = "20ms"))
    public String fails(String text) {
        throw new IllegalStateException("it always does");
    }

    @HaTask(name = "tick", role = Role.WORKER, timeout = "4s")
    @Scheduled(fixedRate = 1_000)
    public void tick() {}
}
