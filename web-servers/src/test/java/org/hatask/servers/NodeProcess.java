package org.hatask.servers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A node as a process of its own. */
final class NodeProcess implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 60;

    private final Kind kind;
    private final Process process;
    private final Writer orders;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final List<String> ended = new CopyOnWriteArrayList<>();
    private final List<String> log = new CopyOnWriteArrayList<>();

    /**
     * @param secure whether its server speaks TLS
     * @param keyStore with key and certificate of all nodes
     * @param trustStore with the certificate
     */
    NodeProcess(Kind kind, boolean secure, String zooKeeper, Path keyStore, Path trustStore) throws IOException {
        this.kind = kind;
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                // What a killed one leaves behind is not left in the machine's.
                "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                "-Djavax.net.ssl.trustStore=" + trustStore,
                "-Djavax.net.ssl.trustStorePassword=" + EveryServerTest.PASSWORD,
                "-cp",
                kind.classPath(),
                NodeApplication.class.getName(),
                "--server.port=0",
                "--spring.application.name=servers",
                "--spring.main.banner-mode=off",
                "--ha.node.id=" + kind.id(),
                "--ha.console.enabled=true",
                // How long a call waits for somebody where nobody is left, which is waited for once.
                "--ha.election.wait=7s",
                "--ha.zookeeper.connect-string=" + zooKeeper));
        if (secure) {
            command.addAll(List.of(
                    "--server.ssl.key-store=" + keyStore,
                    "--server.ssl.key-store-password=" + EveryServerTest.PASSWORD));
        }
        this.process = new ProcessBuilder(command).redirectErrorStream(true).start();
        this.orders = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        Thread reader = new Thread(this::read, "output of " + kind);
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith(NodeApplication.ANSWER + "call ended: ")) {
                    ended.add(line.substring((NodeApplication.ANSWER + "call ended: ").length()));
                } else if (line.startsWith(NodeApplication.ANSWER)) {
                    answers.add(line.substring(NodeApplication.ANSWER.length()));
                } else {
                    log.add(line);
                }
            }
        } catch (IOException e) {
            log.add(e.toString());
        }
    }

    void awaitStart() throws InterruptedException {
        String first = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (!"started".equals(first)) {
            throw new AssertionError(kind + " did not start: " + first + "\n" + String.join("\n", log));
        }
    }

    /** Has the node carry out an order and returns what it says, or how that failed. */
    synchronized String order(String order) throws IOException, InterruptedException {
        orders.write(order + "\n");
        orders.flush();
        String answer = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (answer == null) {
            throw new AssertionError(kind + " does not answer to '" + order + "'\n" + String.join("\n", log));
        }
        return answer;
    }

    /** How calls ended that nobody waited for. */
    List<String> ended() {
        return ended;
    }

    List<String> log() {
        return log;
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
