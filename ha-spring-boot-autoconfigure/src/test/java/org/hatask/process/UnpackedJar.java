package org.hatask.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An application's fat jar, unpacked and with an archive of its classes. Tests with processes start nodes by the dozen, and from
 * here each needs two thirds of the processor's time.
 */
public final class UnpackedJar {

    private static final long PATIENCE_SECONDS = 120;

    private UnpackedJar() {}

    /**
     * Unpacks the jar in the property {@code <name>.jar}, once, and sets {@code <name>.unpacked} to the directory, in which there
     * are {@code <name of the jar>} and {@code classes.jsa}. Does nothing where there is no jar.
     *
     * @param mainClass of a node, which is started for the archive and ends when it has begun
     * @param arguments of that node
     */
    public static synchronized void prepare(String name, String mainClass, String... arguments)
            throws IOException, InterruptedException {
        String jar = System.getProperty(name + ".jar");
        if (jar == null || System.getProperty(name + ".unpacked") != null) {
            return;
        }
        Path directory = Path.of(jar).resolveSibling("unpacked");
        run("-Djarmode=tools", "-jar", jar, "extract", "--force", "--destination", directory.toString());
        List<String> node = new ArrayList<>(List.of(
                "-XX:+UseSerialGC",
                "-XX:ArchiveClassesAtExit=" + directory.resolve("classes.jsa"),
                "-Dspring.context.exit=onRefresh",
                "-cp",
                directory.resolve(Path.of(jar).getFileName()).toString(),
                mainClass,
                "--ha.cluster=archive",
                "--ha.node.id=archive",
                "--ha.zookeeper.embedded.port=" + freePort(),
                "--ha.zookeeper.embedded.data-dir=" + directory.resolve("zookeeper"),
                "--server.port=0",
                "--spring.datasource.url=jdbc:h2:mem:archive"));
        node.addAll(List.of(arguments));
        run(node.toArray(String[]::new));
        System.setProperty(name + ".unpacked", directory.toString());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(List.of(arguments));
        Path log = Files.createTempFile("unpack", ".log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException(command + " failed: " + Files.readString(log));
            }
        } finally {
            process.destroyForcibly();
            Files.delete(log);
        }
    }
}
