package org.hatask.benchmarks.calls;

import java.util.List;
import java.util.stream.Stream;
import org.apache.ignite.Ignite;
import org.apache.ignite.IgniteCompute;
import org.apache.ignite.Ignition;
import org.apache.ignite.configuration.IgniteConfiguration;
import org.apache.ignite.logger.NullLogger;
import org.apache.ignite.spi.communication.tcp.TcpCommunicationSpi;
import org.apache.ignite.spi.discovery.tcp.TcpDiscoverySpi;
import org.apache.ignite.spi.discovery.tcp.ipfinder.vm.TcpDiscoveryVmIpFinder;

/** Ignite's compute grid, whose servers take their turns by default; the caller is a client. */
final class IgniteCalls implements Contender {

    /** As its documentation asks for. */
    static final List<String> JAVA_OPTIONS = Stream.of(
                    "jdk.internal.access",
                    "jdk.internal.misc",
                    "sun.nio.ch",
                    "sun.util.calendar",
                    "java.io",
                    "java.nio",
                    "java.net",
                    "java.util",
                    "java.util.concurrent",
                    "java.util.concurrent.locks",
                    "java.util.concurrent.atomic",
                    "java.lang",
                    "java.lang.invoke",
                    "java.math",
                    "java.time",
                    "java.text")
            .map(name -> "--add-opens=java.base/" + name + "=ALL-UNNAMED")
            .toList();

    @Override
    public AutoCloseable serve(Place place) {
        return Ignition.start(config(place));
    }

    @Override
    public Caller call(Place place) {
        Ignite ignite = Ignition.start(config(place).setClientMode(true));
        IgniteCompute compute = ignite.compute(ignite.cluster().forServers());
        return new Caller() {
            @Override
            public String work(String text, int number) {
                return compute.call(() -> Contender.answer(text, number));
            }

            @Override
            public void close() {
                ignite.close();
            }
        };
    }

    private static IgniteConfiguration config(Place place) {
        List<String> servers =
                place.serverPorts().stream().map(port -> "127.0.0.1:" + port).toList();
        TcpDiscoverySpi discovery =
                new TcpDiscoverySpi().setIpFinder(new TcpDiscoveryVmIpFinder().setAddresses(servers));
        if (!place.isCaller()) {
            discovery.setLocalPort(place.port()).setLocalPortRange(0);
        }
        return new IgniteConfiguration()
                .setIgniteInstanceName("benchmark-" + place.index())
                .setLocalHost("127.0.0.1")
                .setDiscoverySpi(discovery)
                .setCommunicationSpi(new TcpCommunicationSpi().setLocalPort(place.port() + 1))
                .setWorkDirectory(System.getProperty("java.io.tmpdir"))
                .setGridLogger(new NullLogger())
                .setMetricsLogFrequency(0);
    }
}
