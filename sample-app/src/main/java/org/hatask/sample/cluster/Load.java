package org.hatask.sample.cluster;

import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.hatask.sample.booking.TradeOrder;
import org.hatask.sample.cluster.DeskClient.Answer;
import org.hatask.sample.cluster.Rotation.Target;

/**
 * Callers that value contracts and book trades until they are stopped, and everything they saw.
 *
 * <p>A call that gets no answer of the application (no connection, or it broke) is sent again to another node, unchanged, as any HTTP client
 * would. A valuation that gets any answer but 200 has failed. A booking that gets 503 (nothing was done) or 504 (nobody knows)
 * is sent again with the same reference, which is what the reference is for; any other answer but 200 is a failure. A call has
 * failed, too, when its patience is used up.
 */
final class Load implements AutoCloseable {

    private static final Duration PRICE_PATIENCE = Duration.ofSeconds(30);
    private static final Duration BOOK_PATIENCE = Duration.ofSeconds(90);
    private static final Duration BEFORE_SENDING_AGAIN = Duration.ofMillis(100);

    /** What was called. */
    enum Kind {
        PRICE,
        BOOK
    }

    /**
     * A call from the caller's view.
     *
     * @param ranOn the node that did the work; empty when it failed
     * @param epoch epoch of a booking, 0 for a valuation
     * @param resends how often it was sent again
     * @param failure empty when it succeeded
     */
    record Call(Kind kind, Instant start, Instant end, String ranOn, long epoch, int resends, String failure) {

        boolean failed() {
            return !failure.isEmpty();
        }

        Duration duration() {
            return Duration.between(start, end);
        }
    }

    @FunctionalInterface
    private interface Sending {
        Answer to(Target target) throws IOException;
    }

    private final Rotation rotation;
    private final DeskClient client;
    private final List<String> contracts;
    private final String referencePrefix = "drill-" + Long.toString(System.currentTimeMillis(), 36) + "-";

    private final List<Thread> callers = new ArrayList<>();
    private final AtomicInteger nextReference = new AtomicInteger();
    private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
    private final Map<String, Double> valued = new ConcurrentHashMap<>();
    private final Set<String> differing = ConcurrentHashMap.newKeySet();
    private final Map<String, Instant> sent = new ConcurrentHashMap<>();
    private final Map<String, Long> acknowledged = new ConcurrentHashMap<>();
    private final Map<String, Integer> refusals = new ConcurrentHashMap<>();
    private volatile boolean stopped;

    Load(Rotation rotation, DeskClient client, List<String> contracts) {
        this.rotation = rotation;
        this.client = client;
        this.contracts = List.copyOf(contracts);
    }

    /**
     * Every caller goes through all contracts, beginning elsewhere, so that all are valued soon and each by way of several
     * homes. (Out of one sequence, callers in step would take the same contracts to the same home for ever.)
     *
     * @param pause of a caller between two valuations
     */
    Load pricing(int callers, Duration pause) {
        for (int i = 0; i < callers; i++) {
            int home = i;
            Iterator<String> next = Stream.iterate(i * contracts.size() / callers, number -> number + 1)
                    .map(this::contract)
                    .iterator();
            start("price-" + i, () -> {
                price(home, next.next());
                Waiting.pause(pause);
            });
        }
        return this;
    }

    /** @param pause of a caller between two bookings */
    Load booking(int callers, Duration pause) {
        for (int i = 0; i < callers; i++) {
            int home = i;
            start("book-" + i, () -> {
                book(home);
                Waiting.pause(pause);
            });
        }
        return this;
    }

    /** Lets every caller finish its call. */
    @Override
    public void close() {
        stopped = true;
        for (Thread caller : callers) {
            try {
                caller.join(BOOK_PATIENCE.plusSeconds(30).toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Every call that has ended. */
    Collection<Call> calls() {
        return calls;
    }

    /** Number of different contracts that have been valued. */
    int valued() {
        return valued.size();
    }

    /** Contracts that two nodes valued differently. */
    Set<String> differing() {
        return differing;
    }

    /** When each reference was first sent. */
    Map<String, Instant> sent() {
        return sent;
    }

    /** What bookings were answered when they were not booked at once, and how often. */
    Map<String, Integer> refusals() {
        return new TreeMap<>(refusals);
    }

    /** Number by reference of every booking that was acknowledged. */
    Map<String, Long> acknowledged() {
        return acknowledged;
    }

    private void start(String name, Runnable once) {
        Thread caller = new Thread(
                () -> {
                    while (!stopped) {
                        once.run();
                    }
                },
                name);
        caller.setDaemon(true);
        callers.add(caller);
        caller.start();
    }

    private String contract(int number) {
        return contracts.get(Math.floorMod(number, contracts.size()));
    }

    private void price(int home, String contract) {
        call(Kind.PRICE, home, PRICE_PATIENCE, target -> client.price(target.uri(), contract))
                .ifPresent(answer -> {
                    double price = answer.body().path("price").asDouble();
                    Double before = valued.putIfAbsent(contract, price);
                    if (before != null && before != price) {
                        differing.add(contract);
                    }
                });
    }

    private void book(int home) {
        int number = nextReference.incrementAndGet();
        String reference = referencePrefix + number;
        TradeOrder order = new TradeOrder(
                reference, contract(number), number % 2 == 0 ? 10 : -10, BigDecimal.valueOf(100 + number % 900, 2));
        sent.put(reference, Instant.now());
        call(Kind.BOOK, home, BOOK_PATIENCE, target -> client.book(target.uri(), order))
                .ifPresent(answer ->
                        acknowledged.put(reference, answer.body().path("number").asLong()));
    }

    private Optional<Answer> call(Kind kind, int home, Duration patience, Sending sending) {
        Instant start = Instant.now();
        String last = "no node is in rotation";
        int sendings = 0;
        while (Duration.between(start, Instant.now()).compareTo(patience) < 0) {
            Optional<Target> target = rotation.pick(home);
            if (target.isEmpty()) {
                Waiting.pause(BEFORE_SENDING_AGAIN);
                continue;
            }
            try {
                sendings++;
                Answer answer = sending.to(target.get());
                if (answer.isOk()) {
                    calls.add(new Call(
                            kind,
                            start,
                            Instant.now(),
                            answer.body().path("node").asText(),
                            answer.body().path("epoch").asLong(),
                            sendings - 1,
                            ""));
                    return Optional.of(answer);
                }
                last = target.get().id() + " answered " + answer.status() + " " + answer.body();
                if (isOfAPausingServer(answer)) {
                    rotation.takeOut(target.get());
                    continue;
                }
                boolean mayBeSentAgain = kind == Kind.BOOK && (answer.status() == 503 || answer.status() == 504);
                if (!mayBeSentAgain) {
                    break;
                }
                refusals.merge(
                        answer.status() + " " + answer.body().path("title").asText(), 1, Integer::sum);
                Waiting.pause(BEFORE_SENDING_AGAIN);
            } catch (IOException e) {
                last = target.get().id() + ": " + e;
                rotation.takeOut(target.get());
            }
        }
        calls.add(new Call(kind, start, Instant.now(), "", 0, Math.max(0, sendings - 1), last));
        return Optional.empty();
    }

    /**
     * Tomcat that is paused between a request's first line and its headers does not read these, finds that there is no Host, and
     * says 400 by itself: nobody has seen the request, as with a connection that is refused.
     */
    private static boolean isOfAPausingServer(Answer answer) {
        return answer.status() == 400 && answer.body().isTextual();
    }
}
