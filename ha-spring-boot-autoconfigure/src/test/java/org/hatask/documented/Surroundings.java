package org.hatask.documented;

import java.time.LocalDate;
import java.util.List;
import org.hatask.HaTasks;
import org.hatask.fence.JdbcFence;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;

/**
 * What the samples of the documentation find around them, beside all that the class path of these tests has: the types of an
 * application, and fields that say by their names what they are.
 */
@SuppressWarnings("unused")
public abstract class Surroundings {

    public record Contract(String id) {}

    public record Order(String article) {}

    public record Position(String account, double value) {}

    public record Quote(String share, double price) {}

    public record Report(LocalDate day) {}

    public record Settled(String trade) {}

    public record Trade(String id) {}

    public record Valuation(double value) {}

    public static class PriceFeed {}

    public static class Desk {
        public Trade book(Order order) {
            throw new UnsupportedOperationException();
        }
    }

    public interface Ledger {
        Trade book(Order order);
    }

    public interface Table<T> {
        void insert(T row);
    }

    public interface Mails {
        void confirm(Order order);
    }

    // Libraries that are not on the class path of these tests, as far as samples go.

    public @interface KafkaListener {
        String id();

        String[] topics();

        String autoStartup();
    }

    public interface ListenerContainer {
        void start();

        void stop();

        boolean isRunning();
    }

    public interface KafkaListenerEndpointRegistry {
        ListenerContainer getListenerContainer(String id);
    }

    public @interface SchedulerLock {
        String name();

        String lockAtLeastFor();

        String lockAtMostFor();
    }

    protected Desk desk;
    protected JdbcFence fence;
    protected Ledger ledger;
    protected Mails mails;
    protected Table<Order> orders;
    protected Table<Trade> trades;
    protected HaTasks tasks;
    protected HttpSecurity http;
    protected LocalDate day;
    protected int pages;
    protected List<Integer> converted;

    protected void convert(int page) {
        converted.add(page);
    }
}
