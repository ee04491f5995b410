package org.hatask.link;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.hatask.cluster.Node;
import org.hatask.execute.ArgumentCodec;
import org.hatask.execute.Attempt;
import org.hatask.execute.CodecException;
import org.hatask.execute.Outcome;
import org.hatask.link.PeerLinks.Failure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The built-in transport: a WebSocket between two processes that talk, opened by whoever has something to say first and used
 * both ways. A process that itself calls the other opens one of its own if it can: the answers are then read by threads that
 * the application's requests cannot use up.
 *
 * <p>The futures it returns complete on the thread that reads the connection: what is chained to them must not block. Own
 * threads open and close connections, and write to those that are busy, one to each; one more is the timer of all links.
 * {@link #goAway()} comes before {@link #close()} where the process stops in order.
 */
public final class LinkTransport implements TaskTransport {

    private static final Logger log = LoggerFactory.getLogger(LinkTransport.class);

    /**
     * Threads that open connections, which blocks: so many that machines which do not answer, each of which holds one up for
     * the time to connect, do not keep this node from the others.
     */
    private static final int MAX_DIALS = 64;

    /** Threads that close accepted ones. */
    private static final int MAX_CLOSES = 4;

    private final String cluster;
    private final Supplier<Node> self;
    private final ClusterKeys keys;
    private final ArgumentCodec codec;
    private final TaskReceiver receiver;
    private final Supplier<NodeReport> report;
    private final LinkSettings settings;
    private final Supplier<ClientTls> tls;
    private final LinkClient client;

    private final Map<Handshake.Peer, PeerLinks> peers = new ConcurrentHashMap<>();
    private final ServedCalls served = new ServedCalls();
    private final AtomicLong callIds = new AtomicLong();
    private final Set<AcceptingEndpoint> handshakes = ConcurrentHashMap.newKeySet();
    private final Admission admission;
    private final List<ReportListener> reportListeners = new CopyOnWriteArrayList<>();
    private final OncePerSecond warnings = new OncePerSecond();
    private final Complaints complaints = new Complaints();
    private final ThreadPoolExecutor dialers;
    private final ThreadPoolExecutor closers;
    private final ThreadPoolExecutor writers;
    private final ScheduledThreadPoolExecutor timer;
    private final Heartbeats heartbeats;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean leaving;
    private volatile @Nullable Set<Handshake.Peer> members;
    private volatile @Nullable Attended attended;

    private final AcceptingEndpoint.Host host = new AcceptingEndpoint.Host() {

        @Override
        public Optional<Handshake.Acceptor> acceptor(Admission.Place place) {
            // A key that the dialler holds for certain, else the one with which this node proves itself.
            byte[] shown = place.key();
            Optional<byte[]> key =
                    shown != null ? Optional.of(shown) : keys.current().stream().findFirst();
            return key.map(bytes -> new Handshake.Acceptor(bytes, cluster, self.get()));
        }

        @Override
        public Link established(AcceptingEndpoint endpoint, Handshake.Session session, Wire wire) {
            handshakeOver(endpoint, false);
            Link link = link(session, false, wire, new Sealing.Opener(session.receiveKey()));
            link.send(new Frame.Ready());
            register(link);
            return link;
        }

        @Override
        public void failed(AcceptingEndpoint endpoint, String reason) {
            handshakeOver(endpoint, true);
            ClientAddress client = endpoint.place().client();
            if (warnings.allows(client.group(), System.nanoTime())) {
                log.warn("Refused a link from {}: {}", client.text(), reason);
            }
        }
    };

    private final Link.Listener linkListener = new Link.Listener() {

        @Override
        public void closed(Link link, boolean silent) {
            PeerLinks known = peers.get(link.peer());
            if (known != null) {
                known.remove(link);
                if (silent) {
                    long now = System.nanoTime();
                    known.silent(now);
                    // What the peer opened itself is as dead, for all the patience one has with it otherwise.
                    known.links().forEach(other -> other.closeIfSilentToo(now));
                } else {
                    look(link.peer(), true);
                }
            }
            log.debug("Closed {}", link);
        }

        @Override
        public void leaving(Link link) {
            peer(link.peer()).leaving();
        }

        @Override
        public void reported(Link link, NodeReport received) {
            for (ReportListener listener : reportListeners) {
                listener.reported(link.peer().nodeId(), link.peer().incarnation(), received);
            }
        }

        @Override
        public void measured(Link link, Duration roundTrip) {
            for (ReportListener listener : reportListeners) {
                listener.measured(link.peer().nodeId(), link.peer().incarnation(), roundTrip);
            }
        }
    };

    /**
     * @param cluster name of the cluster
     * @param self this node
     * @param keys the cluster's keys
     * @param codec for arguments, results and errors
     * @param receiver takes the calls of others
     * @param report what to say of this node with every heartbeat; called on the timer's thread, must not block
     * @param settings how links behave
     * @param tls asked before every dial, since certificates are renewed
     */
    public LinkTransport(
            String cluster,
            Supplier<Node> self,
            ClusterKeys keys,
            ArgumentCodec codec,
            TaskReceiver receiver,
            Supplier<NodeReport> report,
            LinkSettings settings,
            Supplier<ClientTls> tls) {
        this.cluster = cluster;
        this.self = self;
        this.keys = keys;
        this.codec = codec;
        this.receiver = receiver;
        this.report = report;
        this.settings = settings;
        this.tls = tls;
        this.admission = new Admission(settings.maxHandshakes());
        this.dialers = pool(MAX_DIALS, "ha-link-dial-");
        this.client = new LinkClient(settings.connectTimeout());
        this.dialers.execute(client::prepare);
        this.closers = pool(MAX_CLOSES, "ha-link-close-");
        this.writers = new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), threads("ha-link-write-"));
        this.timer = new ScheduledThreadPoolExecutor(1, threads("ha-link-timer-"));
        this.timer.setRemoveOnCancelPolicy(true);
        this.heartbeats = new Heartbeats(settings.heartbeatInterval(), System.nanoTime());
        long period = heartbeats.periodNanos();
        this.timer.scheduleWithFixedDelay(() -> tick(System.nanoTime()), period, period, TimeUnit.NANOSECONDS);
    }

    private static ThreadPoolExecutor pool(int size, String prefix) {
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(size, size, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads(prefix));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private static ThreadFactory threads(String prefix) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, prefix + count.incrementAndGet());
            thread.setDaemon(true);
            // Not that of whoever causes the first dial.
            thread.setContextClassLoader(LinkTransport.class.getClassLoader());
            return thread;
        };
    }

    // --- calls

    @Override
    public CompletableFuture<Outcome> send(Node target, Attempt attempt, @Nullable Object[] arguments) {
        byte[] json;
        try {
            json = codec.writeArguments(attempt.task(), arguments);
        } catch (CodecException e) {
            return CompletableFuture.failedFuture(e);
        }
        return start(target, Call.of(callIds.incrementAndGet(), attempt, json));
    }

    @Override
    public CompletableFuture<Outcome> ask(Node target, Attempt attempt, long callId) {
        return start(target, Call.question(callId, attempt));
    }

    private CompletableFuture<Outcome> start(Node target, Call call) {
        PeerLinks peer = peer(Handshake.Peer.of(target));
        PeerLinks.Route route = closed.get()
                ? new PeerLinks.NotNow("this node is stopping", false)
                : peer.route(call, target.id(), System.nanoTime());
        if (route instanceof PeerLinks.Over over) {
            over.link().call(call);
            if (over.dial()) {
                startDial(target, peer);
            }
        } else if (route instanceof PeerLinks.NotNow notNow) {
            call.notSent(notNow.reason(), notNow.gone());
        } else if (route instanceof PeerLinks.Waits waits && waits.dial()) {
            startDial(target, peer);
        }
        return call.outcome();
    }

    @Override
    public boolean isReachable(Node target) {
        PeerLinks peer = peers.get(Handshake.Peer.of(target));
        return peer == null || peer.isReachable(System.nanoTime());
    }

    private PeerLinks peer(Handshake.Peer process) {
        PeerLinks known = peers.get(process);
        return known != null ? known : peers.computeIfAbsent(process, p -> new PeerLinks());
    }

    // --- opening links

    private void startDial(Node target, PeerLinks peer) {
        Dial dial = new Dial(target, peer);
        try {
            timer.schedule(
                    () -> dial.fail(
                            "no answer within " + settings.connectTimeout().toMillis() + " ms", Failure.OTHER),
                    settings.connectTimeout().toMillis(),
                    TimeUnit.MILLISECONDS);
            dialers.execute(dial);
        } catch (RejectedExecutionException e) {
            dial.fail("this node is stopping", Failure.OTHER);
        }
    }

    /** One try to open a link. It ends once: with a link, an error, or the time-out, whichever is first. */
    private final class Dial implements Runnable {

        private final Node target;
        private final PeerLinks peer;
        private final AtomicBoolean ended = new AtomicBoolean();
        private final Object connectingLock = new Object();
        private @Nullable Thread connecting;
        private volatile @Nullable DiallingEndpoint endpoint;

        Dial(Node target, PeerLinks peer) {
            this.target = target;
            this.peer = peer;
        }

        @Override
        public void run() {
            if (ended.get()) {
                return;
            }
            synchronized (connectingLock) {
                connecting = Thread.currentThread();
            }
            try {
                URI uri = linkUri(target.uri());
                if (peer.wasConnected()) {
                    // Before all else: callers wait for it when a process has died.
                    client.knock(uri);
                }
                connect(uri);
            } catch (Exception e) {
                DialProblem problem = DialProblem.of(e, target);
                if (!problem.expected()) {
                    complain(problem.reason());
                }
                fail(problem.reason(), problem.failure());
            } finally {
                synchronized (connectingLock) {
                    connecting = null;
                }
            }
        }

        private void connect(URI uri) throws Exception {
            ClientTls secured = tls.get();
            if (secured.required() && !"https".equals(target.uri().getScheme())) {
                handshakeFailed(
                        "its address is without TLS, and ha.link.ssl.bundle is set here: set server.ssl there, too");
                return;
            }
            List<byte[]> current = keys.current();
            if (current.isEmpty()) {
                fail("this node does not know the cluster's key yet", Failure.OTHER);
                return;
            }
            DiallingEndpoint created = new DiallingEndpoint(
                    new Handshake.Dialler(current, cluster, self.get(), target),
                    settings.maxMessageSize(),
                    this::established,
                    this::handshakeFailed);
            endpoint = created;
            String pass = Pass.create(current.get(0), cluster, Handshake.Peer.of(target));
            // Should it be given up before it is open: then the endpoint knows, and closes it.
            if (!ended.get()) {
                client.connect(uri, secured, pass, created);
            }
        }

        /** Whoever answers there may take as long as he likes for the parts of an answer. */
        private void stopConnecting() {
            synchronized (connectingLock) {
                if (connecting != null && connecting != Thread.currentThread()) {
                    connecting.interrupt();
                }
            }
        }

        private Link established(Handshake.Session session, Wire wire, Sealing.Opener opener) {
            ended.set(true);
            complaints.forget(session.peer());
            Link link = link(session, true, wire, opener);
            peer.dialled();
            register(link);
            // Had this process been forgotten in between, other calls would wait for ever.
            peer.takeWaiting().stream().filter(call -> !call.outcome().isDone()).forEach(link::call);
            tell(target, true);
            return link;
        }

        private void handshakeFailed(String reason) {
            complain(reason);
            fail(reason, Failure.OTHER);
        }

        private void complain(String reason) {
            if (!ended.get() && complaints.isNew(Handshake.Peer.of(target), reason, System.nanoTime())) {
                log.warn("No link to {}: {}", target, reason);
            }
        }

        void fail(String reason, Failure failure) {
            if (!ended.compareAndSet(false, true)) {
                return;
            }
            DiallingEndpoint current = endpoint;
            if (current != null) {
                current.abandon(CloseCode.GOING_AWAY);
            }
            stopConnecting();
            log.debug("No link to {}: {}", target, reason);
            boolean refused = failure == Failure.REFUSED;
            if (refused) {
                tell(target, false);
            }
            String message = "no connection to " + target + ": " + reason;
            List<Call> waiting = peer.dialFailed(reason, failure, System.nanoTime());
            lookAgain(target, peer);
            // Where this node cannot reach the other one, but was reached by it.
            Link accepted = peer.firstOpen();
            waiting.forEach(call -> {
                if (accepted == null) {
                    call.notSent(message, refused);
                } else {
                    accepted.call(call);
                }
            });
        }
    }

    static URI linkUri(URI node) {
        String scheme = String.valueOf(node.getScheme());
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new IllegalArgumentException("a node's address begins with http: or https:");
        }
        String base = node.toString();
        String trimmed = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
        // http becomes ws, https becomes wss.
        return URI.create("ws" + trimmed.substring("http".length()) + LinkServer.PATH);
    }

    // --- a process that is never let out of sight

    /** Hears of an attended process; called on threads of the links, must not block. */
    public interface Attendant {

        /** A fresh connection was refused: nobody listens at its address any more. Told as often as it is tried. */
        void gone(Node target);

        /** It was reached. */
        void reached(Node target);
    }

    private record Attended(Node target, Attendant attendant) {}

    /**
     * Keeps a link to this process from now on, and looks for it at once when that breaks: a process that dies closes its
     * links. One process at a time; null for none. Returns at once.
     */
    public void attend(@Nullable Node target, Attendant attendant) {
        Attended before = attended;
        if (target == null) {
            attended = null;
        } else if (before == null || !before.target().equals(target)) {
            attended = new Attended(target, attendant);
            look(Handshake.Peer.of(target), true);
        }
    }

    /**
     * Opens a link to the process if it is the attended one and there is none.
     *
     * @param atOnce whether to try although the last try was a moment ago
     */
    private void look(Handshake.Peer process, boolean atOnce) {
        Attended current = attended;
        if (current != null && Handshake.Peer.of(current.target()).equals(process)) {
            look(current.target(), atOnce);
        }
    }

    private void look(Node target, boolean atOnce) {
        PeerLinks peer = peer(Handshake.Peer.of(target));
        if (!closed.get() && peer.wantsDial(atOnce, System.nanoTime())) {
            startDial(target, peer);
        }
    }

    /** After the pause, and not at the next tick: a process that is just dying shall be found dead at once. */
    private void lookAgain(Node target, PeerLinks peer) {
        try {
            timer.schedule(
                    () -> look(Handshake.Peer.of(target), false),
                    peer.pauseLeft(System.nanoTime()).toNanos(),
                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            log.trace("this node is stopping");
        }
    }

    private void tell(Node target, boolean reached) {
        Attended current = attended;
        if (current == null || !current.target().isSameProcessAs(target)) {
            return;
        }
        if (reached) {
            current.attendant().reached(target);
        } else {
            current.attendant().gone(target);
        }
    }

    /**
     * An endpoint for a connection that asks to be upgraded.
     *
     * @param pass what it shows as one, if anything
     * @return null when it has to come later, or this node is closing
     */
    @Nullable
    AcceptingEndpoint accept(ClientAddress client, @Nullable String pass) {
        if (closed.get()) {
            return null;
        }
        long now = System.nanoTime();
        Pass.Shown shown =
                pass == null ? null : Pass.judge(pass, keys.current(), cluster, Handshake.Peer.of(self.get()));
        Admission.Place place = admission.enter(client, shown, now);
        if (place == null) {
            return null;
        }
        AcceptingEndpoint endpoint = new AcceptingEndpoint(
                place, now + settings.connectTimeout().toNanos(), settings.maxMessageSize(), host);
        handshakes.add(endpoint);
        return endpoint;
    }

    /** Threads that close accepted connections, which may block. */
    Executor closers() {
        return closers;
    }

    /** Connections that have not proved anything yet. */
    int undecided() {
        return handshakes.size();
    }

    /** The container refused to upgrade after all. */
    void notUpgraded(AcceptingEndpoint endpoint) {
        handshakeOver(endpoint, true);
    }

    private void handshakeOver(AcceptingEndpoint endpoint, boolean failed) {
        if (handshakes.remove(endpoint)) {
            admission.leave(endpoint.place(), failed, System.nanoTime());
        }
    }

    private Link link(Handshake.Session session, boolean dialled, Wire wire, Sealing.Opener opener) {
        return new Link(
                session,
                dialled,
                wire,
                opener,
                writers,
                settings,
                codec,
                receiver,
                served,
                linkListener,
                System::nanoTime);
    }

    /** A link is there: what waited for one goes over it. */
    private void register(Link link) {
        List<Call> waiting = peer(link.peer()).add(link);
        if (waiting == null || closed.get()) {
            link.close(CloseCode.GOING_AWAY, "this node is stopping");
            return;
        }
        log.debug("Established {}", link);
        if (leaving) {
            link.send(new Frame.GoAway());
        }
        waiting.stream().filter(call -> !call.outcome().isDone()).forEach(link::call);
    }

    // --- the timer

    /** Runs a few times per heartbeat, on the timer's thread. */
    void tick(long now) {
        try {
            List<Link> links = allLinks();
            if (heartbeats.wasPaused(now)) {
                log.info(
                        "This process was not running for a while; other nodes get another {} ms to speak",
                        settings.silenceLimit().toMillis());
                links.forEach(link -> link.forgive(now));
            }
            if (heartbeats.isDue(now) && !links.isEmpty()) {
                byte[] beat = beat();
                links.forEach(link -> link.beat(beat));
            }
            links.forEach(link -> link.judge(now));
            for (AcceptingEndpoint endpoint : handshakes) {
                if (endpoint.isOverdue(now)) {
                    handshakeOver(endpoint, true);
                    if (endpoint.abandon(CloseCode.VIOLATED_POLICY)) {
                        endpoint.failed("it did not prove who it is in time");
                    }
                }
            }
            closeDeparted(now);
            served.expire(now);
            Attended current = attended;
            if (current != null) {
                look(current.target(), false);
            }
        } catch (RuntimeException e) {
            log.error("Unexpected error while links were looked after; trying again in a moment", e);
        }
    }

    /** A sign of life, with a report if there is one, and still without a pulse. */
    private byte[] beat() {
        try {
            return FrameCodec.encode(new Frame.Heartbeat(report.get(), null));
        } catch (RuntimeException e) {
            log.error(
                    "This node cannot tell others of its load and its long tasks: they go by what they see themselves",
                    e);
            return FrameCodec.encode(
                    new Frame.Heartbeat(NodeReport.ofThisProcess(0, List.of(), null, List.of()), null));
        }
    }

    private void closeDeparted(long now) {
        Set<Handshake.Peer> current = members;
        if (current == null) {
            return;
        }
        peers.forEach((process, peer) -> {
            if (current.contains(process)) {
                return;
            }
            for (Link link : peer.links()) {
                if (link.isIdle(now, settings.departedIdle())) {
                    link.close(CloseCode.NORMAL_CLOSURE, process.nodeId() + " is no member any more");
                }
            }
            if (peer.isUnused()) {
                peers.remove(process, peer);
            }
        });
        served.callers().stream()
                .filter(process -> !current.contains(process) && !isConnected(process))
                .forEach(process -> receiver.callerGone(served.underWay(process)));
    }

    private boolean isConnected(Handshake.Peer process) {
        PeerLinks known = peers.get(process);
        return known != null && known.firstOpen() != null;
    }

    private List<Link> allLinks() {
        List<Link> links = new ArrayList<>();
        peers.values().forEach(peer -> links.addAll(peer.links()));
        return links;
    }

    // --- life

    /**
     * Tells who the members are now: links to other processes are closed once nothing is under way on them, so that a node
     * that leaves in order can still answer. What runs here for a process that is no member and has no link is told to stop:
     * it was killed, or it is cut off from all. A broken link alone stops nothing, as its process comes back and asks; and one
     * that leaves in order waits for its last answers when its record is gone. Returns at once.
     */
    public void retainOnly(Collection<Node> currentMembers) {
        members = currentMembers.stream().map(Handshake.Peer::of).collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Tells all peers, now and when they connect, to send no more calls. Calls that still come are the executor's to refuse,
     * and everything under way goes on.
     */
    public void goAway() {
        leaving = true;
        allLinks().forEach(link -> link.send(new Frame.GoAway()));
    }

    /** Has the listener told of every heartbeat, and what it measures, from now on. */
    public void addReportListener(ReportListener listener) {
        reportListeners.add(listener);
    }

    /** What this node tells others of itself at this moment. */
    public NodeReport report() {
        return report.get();
    }

    /** The links of this moment, for operators. */
    public List<LinkInfo> links() {
        return allLinks().stream().map(Link::info).toList();
    }

    @Override
    public void close() {
        goAway();
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        peers.values().forEach(peer -> peer.close().forEach(call -> call.notSent("this node is stopping")));
        List<Link> links = allLinks();
        awaitFlush(links);
        links.forEach(link -> link.close(CloseCode.GOING_AWAY, "this node is stopping"));
        handshakes.forEach(endpoint -> endpoint.abandon(CloseCode.GOING_AWAY));
        timer.shutdownNow();
        writers.shutdown();
        List<ThreadPoolExecutor> pools = List.of(dialers, closers);
        pools.forEach(ThreadPoolExecutor::shutdown);
        long deadline = System.nanoTime() + settings.flushTimeout().toNanos();
        try {
            for (ThreadPoolExecutor pool : pools) {
                pool.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        pools.forEach(ThreadPoolExecutor::shutdownNow);
    }

    /** Answers that are ready shall still arrive. */
    private void awaitFlush(List<Link> links) {
        CompletableFuture<?>[] flushed = links.stream().map(Link::flushed).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(flushed).get(settings.flushTimeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            log.debug("Not everything could be sent before closing");
        }
    }
}
