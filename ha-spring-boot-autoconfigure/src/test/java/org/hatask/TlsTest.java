package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.hatask.link.LinkTransport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Links over TLS, with certificates as an administrator makes them. */
@Timeout(180)
@ExtendWith(OutputCaptureExtension.class)
class TlsTest {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        WhereDesk desk(HaCluster cluster) {
            return new WhereDesk(cluster);
        }
    }

    private static final String HERE = "ip:127.0.0.1,dns:localhost";

    @TempDir
    static Path directory;

    private static TestCertificates certificates;

    private TestNodes nodes;

    @BeforeAll
    static void issueCertificates() throws Exception {
        certificates = new TestCertificates(directory)
                .authority("ca")
                .authority("other-ca")
                .issue("node", "ca", HERE)
                .issue("renewed", "other-ca", HERE)
                .issue("elsewhere", "ca", "dns:elsewhere.example")
                .issueExpired("expired", "ca", HERE);
    }

    @BeforeEach
    void startZooKeeper() throws Exception {
        nodes = new TestNodes(Application.class);
    }

    @AfterEach
    void stop() throws Exception {
        nodes.close();
    }

    /** A bundle of this name with that key. */
    private static List<String> bundle(String name, String key, String... trusted) throws Exception {
        List<String> properties = new ArrayList<>();
        String prefix = "spring.ssl.bundle.jks." + name + ".";
        if (key != null) {
            properties.add(prefix + "keystore.location=file:" + certificates.keyStore(key));
            properties.add(prefix + "keystore.password=" + TestCertificates.PASSWORD);
        }
        if (trusted.length > 0) {
            properties.add(prefix + "truststore.location=file:" + certificates.trustStore(trusted));
            properties.add(prefix + "truststore.password=" + TestCertificates.PASSWORD);
        }
        return properties;
    }

    private static String[] with(List<String> properties, String... more) {
        return Stream.concat(properties.stream(), Arrays.stream(more)).toArray(String[]::new);
    }

    /** Calls that this node makes while it can reach no other. */
    private void callsStayOn(String node, int calls) {
        for (int i = 0; i < calls; i++) {
            assertThat(nodes.bean(node, WhereDesk.class).where()).isEqualTo(node);
        }
    }

    private URI uri(String node) {
        return nodes.bean(node, HaCluster.class).self().uri();
    }

    private long links(String node) {
        return nodes.bean(node, LinkTransport.class).links().size();
    }

    @Test
    void theServersOwnBundleCarriesTheLinksBothWays() throws Exception {
        String[] tls = with(bundle("node", "node", "ca"), "server.ssl.bundle=node");
        nodes.start("n1", tls);
        nodes.start("n2", tls);
        nodes.awaitAgreement();

        WhereDesk.awaitCallsReach(nodes, "n1", "n1", "n2");
        WhereDesk.awaitCallsReach(nodes, "n2", "n1", "n2");
        assertThat(nodes.bean("n1", HaCluster.class).members())
                .allSatisfy(node -> assertThat(node.uri().getScheme()).isEqualTo("https"));
    }

    @Test
    void soDoKeyAndTrustStoreOfTheServerWithoutABundleAndByName() throws Exception {
        String[] tls = {
            "server.ssl.key-store=" + certificates.keyStore("node"),
            "server.ssl.key-store-password=" + TestCertificates.PASSWORD,
            "server.ssl.trust-store=" + certificates.trustStore("ca"),
            "server.ssl.trust-store-password=" + TestCertificates.PASSWORD,
            "server.ssl.enabled-protocols=TLSv1.3",
            "ha.node.host=localhost"
        };
        nodes.start("n1", tls);
        nodes.start("n2", tls);
        nodes.awaitAgreement();

        WhereDesk.awaitCallsReach(nodes, "n1", "n1", "n2");
        WhereDesk.awaitCallsReach(nodes, "n2", "n1", "n2");
    }

    @Test
    void nodesThatAskForCertificatesAreShownTheOneOfTheLinksBundle() throws Exception {
        List<String> bundles = new ArrayList<>(bundle("server", "node", "other-ca"));
        bundles.addAll(bundle("links", "renewed", "ca"));
        String[] tls =
                with(bundles, "server.ssl.bundle=server", "server.ssl.client-auth=need", "ha.link.ssl.bundle=links");
        nodes.start("n1", tls);
        nodes.start("n2", tls);
        nodes.awaitAgreement();

        WhereDesk.awaitCallsReach(nodes, "n1", "n1", "n2");
        WhereDesk.awaitCallsReach(nodes, "n2", "n1", "n2");
    }

    @Test
    void withoutTheCertificateThatIsAskedForThereIsNoLinkAndTheLogSaysWhatToDo(CapturedOutput output) throws Exception {
        List<String> bundles = new ArrayList<>(bundle("server", "node", "ca"));
        bundles.addAll(bundle("links", null, "ca"));
        String[] tls =
                with(bundles, "server.ssl.bundle=server", "server.ssl.client-auth=need", "ha.link.ssl.bundle=links");
        nodes.start("n1", tls);
        nodes.start("n2", tls);
        nodes.awaitAgreement();

        callsStayOn("n1", 10);
        await().atMost(TestNodes.PATIENCE)
                .until(() -> output.getOut().contains("if it asks for certificates of clients, then the key in"));
        assertThat(links("n1")).isZero();
    }

    @Test
    void aCertificateThatIsNotGoodEndsInNoLinkAndOneLineThatSaysWhatToDo(CapturedOutput output) throws Exception {
        nodes.start("n1", with(bundle("node", "node", "ca"), "server.ssl.bundle=node"));
        // They reach n1, but are not reached.
        Map<String, String> reasons = Map.of(
                "expired", "its TLS certificate has expired (NotAfter: ",
                "renewed",
                        "its TLS certificate is not trusted here: put its issuer into the trust material of ha.link.ssl",
                "elsewhere",
                        "its TLS certificate is not for 127.0.0.1: issue one with that as a subject alternative name");
        for (String bad : reasons.keySet()) {
            nodes.start(bad, with(bundle("node", bad, "ca"), "server.ssl.bundle=node"));
        }
        nodes.awaitAgreement();

        Map<String, String> lines = new HashMap<>();
        reasons.forEach((bad, reason) -> lines.put(bad, "No link to " + bad + " (" + uri(bad) + "): " + reason));
        await().atMost(TestNodes.PATIENCE).until(() -> {
            nodes.bean("n1", WhereDesk.class).where();
            return lines.values().stream().allMatch(line -> output.getOut().contains(line));
        });
        // It is tried again every few seconds.
        await().during(Duration.ofSeconds(4)).atMost(TestNodes.PATIENCE).until(() -> {
            nodes.bean("n1", WhereDesk.class).where();
            return true;
        });
        // One line of each of the three other nodes at the most.
        assertThat(lines.values())
                .allSatisfy(line -> assertThat(output.getOut().lines().filter(text -> text.contains(line)))
                        .hasSizeBetween(1, 3));
        assertThat(nodes.bean("n1", LinkTransport.class).links()).noneMatch(link -> link.dialled());
    }

    @Test
    void withABundleForTheLinksNothingGoesToANodeWithoutTls(CapturedOutput output) throws Exception {
        List<String> bundles = new ArrayList<>(bundle("server", "node", "ca"));
        bundles.addAll(bundle("links", null, "ca"));
        nodes.start("n1", with(bundles, "server.ssl.bundle=server", "ha.link.ssl.bundle=links"));
        nodes.start("n2", "ha.node.master-eligible=false");
        nodes.awaitAgreement();

        callsStayOn("n1", 10);

        assertThat(output)
                .contains("No link to n2 ("
                        + uri("n2")
                        + "): its address is without TLS, and ha.link.ssl.bundle is set here");
    }

    @Test
    void aCertificateThatIsRenewedWhileTheNodesRunIsTheOneOfNewLinks() throws Exception {
        Path live = Files.createDirectory(directory.resolve("live"));
        write(
                live,
                certificates.certificatePem("node"),
                certificates.keyPem("node"),
                certificates.certificatePem("ca"));
        String prefix = "spring.ssl.bundle.pem.node.";
        String[] tls = {
            prefix + "keystore.certificate=file:" + live.resolve("node.crt"),
            prefix + "keystore.private-key=file:" + live.resolve("node.key"),
            prefix + "truststore.certificate=file:" + live.resolve("ca.crt"),
            prefix + "reload-on-update=true",
            "spring.ssl.bundle.watch.file.quiet-period=200ms",
            "server.ssl.bundle=node"
        };
        nodes.start("n1", tls);
        nodes.awaitAgreement();
        assertThat(shownBy("n1")).isEqualTo(certificates.certificate("node"));

        write(
                live,
                certificates.certificatePem("renewed"),
                certificates.keyPem("renewed"),
                certificates.certificatePem("other-ca"));
        await().atMost(TestNodes.PATIENCE).until(() -> shownBy("n1").equals(certificates.certificate("renewed")));
        // It knows the new certificates only: what n1 shows and what n1 trusts must both be new.
        nodes.start("n2", with(bundle("new", "renewed", "other-ca"), "server.ssl.bundle=new"));
        nodes.awaitAgreement();

        WhereDesk.awaitCallsReach(nodes, "n1", "n1", "n2");
        WhereDesk.awaitCallsReach(nodes, "n2", "n1", "n2");
        await().atMost(TestNodes.PATIENCE)
                .until(() -> Stream.of("n1", "n2").allMatch(id -> nodes.bean(id, LinkTransport.class).links().stream()
                        .anyMatch(link -> link.dialled())));
    }

    /** Each file at once, so that nobody reads half of it. */
    private static void write(Path live, String certificate, String key, String authority) throws IOException {
        for (String[] file : new String[][] {{"node.crt", certificate}, {"node.key", key}, {"ca.crt", authority}}) {
            Path fresh = Files.writeString(live.resolve(file[0] + ".new"), file[1]);
            Files.move(
                    fresh, live.resolve(file[0]), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** The certificate that its server shows to whoever connects. */
    private Certificate shownBy(String node) throws Exception {
        URI uri = uri(node);
        SSLContext curious = SSLContext.getInstance("TLS");
        curious.init(null, new TrustManager[] {new TrustsAll()}, null);
        try (SSLSocket socket = (SSLSocket) curious.getSocketFactory().createSocket(uri.getHost(), uri.getPort())) {
            socket.startHandshake();
            return socket.getSession().getPeerCertificates()[0];
        }
    }

    private static final class TrustsAll extends X509ExtendedTrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
