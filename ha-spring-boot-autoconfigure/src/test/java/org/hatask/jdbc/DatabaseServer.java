package org.hatask.jdbc;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.util.FileSystemUtils;

/**
 * A database server of a test's own, from the binaries of this machine: a child process with its data in a new directory,
 * on a free port of the loopback address. It ends with the test, and with this process however that ends.
 */
public final class DatabaseServer implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(90);

    /**
     * Ends the server, and removes its data, when its own standard input ends: this process holds the other end. A signal to all
     * processes of a terminal is no reason to leave before that is done.
     */
    private static final String LEASH = """
            trap : HUP INT TERM
            signal=$1; shift
            "$@" </dev/null & server=$!
            cat >/dev/null
            kill -$signal $server; kill -CONT $server
            wait $server
            rm -rf "$PWD"
            """;

    /** Servers refuse to run as root, or should; "nobody" has this number everywhere. */
    private static final List<String> AS_NOBODY =
            List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--");

    private final Path directory;
    private final String url;
    private final String user;
    private final Process process;

    private DatabaseServer(Path directory, String url, String user, Process process) {
        this.directory = directory;
        this.url = url;
        this.user = user;
        this.process = process;
    }

    public static boolean hasPostgreSql() {
        return has("postgres");
    }

    public static boolean hasMariaDb() {
        return has("mariadbd");
    }

    /** Fast, since nothing has to outlive a crash of the machine. */
    public static DatabaseServer postgreSql() throws Exception {
        return postgreSql(false);
    }

    /** @param durable whether a commit waits for the disk */
    public static DatabaseServer postgreSql(boolean durable) throws Exception {
        Path bin = installed("postgres", "postgresql").getParent();
        Path directory = newDirectory();
        Path data = directory.resolve("data");
        runToItsEnd(
                directory,
                bin.resolve("initdb").toString(),
                "--pgdata=" + data,
                "--username=test",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync");
        int port = freePort();
        // INT: a quick but orderly shutdown.
        Process process = start(
                directory,
                "INT",
                bin.resolve("postgres").toString(),
                "-D",
                data.toString(),
                "-p",
                "" + port,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "fsync=" + (durable ? "on" : "off"));
        return new DatabaseServer(directory, "jdbc:postgresql://127.0.0.1:" + port + "/postgres", "test", process)
                .awaitStart();
    }

    public static DatabaseServer mariaDb() throws Exception {
        Path server = installed("mariadbd", "mariadb-server");
        Path installer = installed("mariadb-install-db", "mariadb-server");
        Path directory = newDirectory();
        Path data = directory.resolve("data");
        runToItsEnd(
                directory,
                installer.toString(),
                "--no-defaults",
                "--datadir=" + data,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--innodb-log-file-size=8M");
        int port = freePort();
        Process process = start(
                directory,
                "TERM",
                server.toString(),
                "--no-defaults",
                "--datadir=" + data,
                "--bind-address=127.0.0.1",
                "--port=" + port,
                "--socket=" + directory.resolve("socket"),
                "--innodb-log-file-size=8M",
                "--innodb-flush-log-at-trx-commit=0",
                "--skip-name-resolve");
        // The name of the superuser, here as in every MariaDB.
        return new DatabaseServer(directory, "jdbc:mariadb://127.0.0.1:" + port + "/mysql", "root", process)
                .awaitStart();
    }

    public String url() {
        return url;
    }

    /** Who may do everything, without a password. */
    public String user() {
        return user;
    }

    /**
     * @param parameters for the driver, as they stand after the question mark of its URL
     */
    public DataSource dataSource(String parameters) {
        return new DriverManagerDataSource(url + (parameters.isEmpty() ? "" : "?" + parameters), user, "");
    }

    /** From now on it neither answers nor refuses, until this is closed: as a machine that hangs. */
    public AutoCloseable freeze() throws Exception {
        List<String> servers = process.descendants()
                .filter(child -> child.info()
                        .command()
                        .filter(command -> command.contains("postgres") || command.contains("mariadbd"))
                        .isPresent())
                .map(child -> "" + child.pid())
                .toList();
        signal("STOP", servers);
        // The signal is on its way only: until a thread of the server has its turn to stop, it goes on answering.
        await().atMost(START).until(() -> servers.stream().allMatch(DatabaseServer::isStopped));
        return () -> signal("CONT", servers);
    }

    private static boolean isStopped(String server) {
        try (Stream<Path> threads = Files.list(Path.of("/proc", server, "task"))) {
            return threads.allMatch(thread -> stateOf(thread).equals("T"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The letter after the name, which is in parentheses and may have any in it. */
    private static String stateOf(Path thread) {
        try {
            String stat = Files.readString(thread.resolve("stat"));
            int name = stat.lastIndexOf(')');
            return stat.substring(name + 2, name + 3);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void signal(String name, List<String> servers) throws Exception {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name));
        command.addAll(servers);
        if (servers.isEmpty() || new ProcessBuilder(command).start().waitFor() != 0) {
            throw new IllegalStateException("cannot signal the processes of the database: " + servers);
        }
    }

    @Override
    public void close() throws Exception {
        process.getOutputStream().close();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        FileSystemUtils.deleteRecursively(directory);
    }

    private DatabaseServer awaitStart() throws Exception {
        try {
            await().atMost(START).until(this::answers);
            return this;
        } catch (RuntimeException e) {
            String log = Files.readString(directory.resolve("log"));
            close();
            throw new IllegalStateException("The server does not start:\n" + log, e);
        }
    }

    private boolean answers() {
        try {
            dataSource("").getConnection().close();
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    private static Process start(Path directory, String signal, String... server) throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", LEASH, "sh", signal));
        command.addAll(List.of(server));
        return builder(directory, command).start();
    }

    private static void runToItsEnd(Path directory, String... command) throws Exception {
        Process process = builder(directory, List.of(command)).start();
        process.getOutputStream().close();
        if (!process.waitFor(START.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly().waitFor();
            String log = Files.readString(directory.resolve("log"));
            FileSystemUtils.deleteRecursively(directory);
            throw new IllegalStateException(String.join(" ", command) + " failed:\n" + log);
        }
    }

    private static ProcessBuilder builder(Path directory, List<String> command) {
        List<String> all = new ArrayList<>(isRoot() ? AS_NOBODY : List.of());
        all.addAll(command);
        return new ProcessBuilder(all)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("log").toFile()));
    }

    /** Not below the build's directory, which another user may be unable to enter. */
    private static Path newDirectory() throws Exception {
        Path directory = Files.createTempDirectory(Path.of("/tmp"), "ha-database-");
        if (isRoot()) {
            Files.setAttribute(directory, "unix:uid", 65534);
        }
        return directory;
    }

    private static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Where the build must tell the truth, a test without its server is not skipped but fails. */
    private static boolean has(String binary) {
        return "true".equals(System.getenv("CI")) || find(binary).isPresent();
    }

    private static Path installed(String binary, String debianPackage) {
        return find(binary)
                .orElseThrow(() ->
                        new AssertionError("There is no " + binary + " on this machine. Install it, on Debian with:"
                                + " apt-get install --no-install-recommends " + debianPackage));
    }

    /** On the path, and where Debian has it. */
    private static Optional<Path> find(String binary) {
        List<Path> places = new ArrayList<>();
        for (String place : System.getenv("PATH").split(":")) {
            places.add(Path.of(place));
        }
        places.add(Path.of("/usr/sbin"));
        Path debian = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(debian)) {
            try (Stream<Path> versions = Files.list(debian)) {
                versions.sorted(Comparator.reverseOrder())
                        .map(path -> path.resolve("bin"))
                        .forEach(places::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return places.stream()
                .map(place -> place.resolve(binary))
                .filter(Files::isExecutable)
                .findFirst()
                .map(DatabaseServer::real);
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
