package org.hatask.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.springframework.util.FileSystemUtils;

/**
 * A PostgreSQL server as it comes: a commit waits for the disk. From the binaries of this machine, with its data in a new
 * directory below that for temporary files; it ends with this process however that ends.
 */
public final class PostgreSql implements AutoCloseable {

    private static final long START_SECONDS = 60;

    /** Ends the server and removes its data when its own standard input ends: this process holds the other end. */
    private static final String LEASH = """
            trap : HUP INT TERM
            "$@" </dev/null & server=$!
            cat >/dev/null
            kill -INT $server
            wait $server
            rm -rf "$PWD"
            """;

    private final Path directory;
    private final Process process;
    private final String url;
    private int databases;

    private PostgreSql(Path directory, Process process, int port) {
        this.directory = directory;
        this.process = process;
        this.url = "jdbc:postgresql://127.0.0.1:" + port + "/";
    }

    public static PostgreSql start() throws Exception {
        Path bin = binaries();
        Path directory = Files.createTempDirectory("ha-benchmark-");
        // It refuses to run as root; "nobody" has this number everywhere.
        boolean root = System.getProperty("user.name").equals("root");
        List<String> asUser =
                root ? List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--") : List.of();
        if (root) {
            Files.setAttribute(directory, "unix:uid", 65534);
        }
        Process initdb = process(
                directory,
                asUser,
                bin.resolve("initdb").toString(),
                "--pgdata=data",
                "--username=benchmark",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C");
        if (initdb.waitFor() != 0) {
            throw new IllegalStateException("initdb failed:\n" + Files.readString(directory.resolve("log")));
        }
        int port = freePort();
        Process process = process(
                directory,
                asUser,
                "sh",
                "-c",
                LEASH,
                "sh",
                bin.resolve("postgres").toString(),
                "-D",
                "data",
                "-p",
                "" + port,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=");
        PostgreSql server = new PostgreSql(directory, process, port);
        server.awaitStart();
        return server;
    }

    /** Time of processors that its processes have used so far, as far as they still live. */
    public Duration cpu() {
        return process.descendants()
                .map(one -> one.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
    }

    private void awaitStart() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            try {
                tell("version");
                return;
            } catch (SQLException e) {
                if (System.nanoTime() - end > 0 || !process.isAlive()) {
                    String log = Files.readString(directory.resolve("log"));
                    close();
                    throw new IllegalStateException("PostgreSQL does not start:\n" + log, e);
                }
                Thread.sleep(50);
            }
        }
    }

    /** What it says to {@code SHOW}, or its version. */
    public String tell(String setting) throws SQLException {
        String query = setting.equals("version") ? "SHOW server_version" : "SHOW " + setting;
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    /** Median of what a commit of one row takes that no other goes along with. */
    public double commitMillis() throws SQLException {
        int commits = 300;
        long[] nanos = new long[commits];
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS probe (number INTEGER)");
            for (int i = 0; i < commits; i++) {
                long start = System.nanoTime();
                statement.execute("INSERT INTO probe VALUES (1)");
                nanos[i] = System.nanoTime() - start;
            }
        }
        Arrays.sort(nanos);
        return nanos[commits / 2] / 1e6;
    }

    /** A new database, and a pool of connections to it. Before that, everything old is written to the disk. */
    public HikariDataSource newDatabase(int connections) throws SQLException {
        String name = "b" + ++databases;
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
            statement.execute("CHECKPOINT");
        }
        HikariDataSource pool = new HikariDataSource();
        pool.setJdbcUrl(url + name);
        pool.setUsername("benchmark");
        pool.setMaximumPoolSize(connections);
        return pool;
    }

    /** Closes the pool and drops its database. */
    public void drop(HikariDataSource pool) throws SQLException {
        pool.close();
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute("DROP DATABASE " + pool.getJdbcUrl().substring(url.length()) + " WITH (FORCE)");
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(url + "postgres", "benchmark", "");
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

    private static Process process(Path directory, List<String> asUser, String... command) throws IOException {
        List<String> all = new ArrayList<>(asUser);
        all.addAll(List.of(command));
        return new ProcessBuilder(all)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("log").toFile()))
                .start();
    }

    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** On the path, or where Debian has them. */
    private static Path binaries() throws IOException {
        List<Path> places = new ArrayList<>();
        for (String place : System.getenv("PATH").split(File.pathSeparator)) {
            places.add(Path.of(place));
        }
        Path debian = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(debian)) {
            try (Stream<Path> versions = Files.list(debian)) {
                versions.sorted(Comparator.reverseOrder())
                        .map(path -> path.resolve("bin"))
                        .forEach(places::add);
            }
        }
        for (Path place : places) {
            if (Files.isExecutable(place.resolve("postgres"))) {
                return place.resolve("postgres").toRealPath().getParent();
            }
        }
        throw new IllegalStateException("There is no PostgreSQL server on this machine. Install it, on Debian with:"
                + " apt-get install --no-install-recommends postgresql");
    }
}
