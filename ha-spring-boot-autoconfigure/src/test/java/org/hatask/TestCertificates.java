package org.hatask;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Authorities and what they issue, made by the JDK's keytool as an administrator would. */
final class TestCertificates {

    static final String PASSWORD = "changeit";

    private final Path directory;
    private final Path all;

    TestCertificates(Path directory) {
        this.directory = directory;
        this.all = directory.resolve("all.p12");
    }

    TestCertificates authority(String name) throws Exception {
        keytool("-alias", name, "-dname", "CN=" + name, "-ext", "bc:c", "-validity", "3650");
        return this;
    }

    /**
     * @param subjects such as {@code ip:127.0.0.1,dns:localhost}
     */
    TestCertificates issue(String name, String authority, String subjects) throws Exception {
        return issue(name, authority, subjects, "-validity", "365");
    }

    TestCertificates issueExpired(String name, String authority, String subjects) throws Exception {
        return issue(name, authority, subjects, "-startdate", "-10d", "-validity", "5");
    }

    private TestCertificates issue(String name, String authority, String subjects, String... validity)
            throws Exception {
        List<String> options = new ArrayList<>(
                List.of("-alias", name, "-dname", "CN=" + name, "-ext", "san=" + subjects, "-signer", authority));
        options.addAll(List.of(validity));
        keytool(options.toArray(String[]::new));
        return this;
    }

    private void keytool(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-storetype",
                "PKCS12",
                "-keystore",
                all.toString(),
                "-storepass",
                PASSWORD));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(output);
        }
    }

    /** A store with this key and its chain. */
    String keyStore(String name) throws Exception {
        KeyStore one = empty();
        one.setKeyEntry(name, key(name), PASSWORD.toCharArray(), all().getCertificateChain(name));
        return save(one, name + "-key.p12");
    }

    /** A store that trusts these. */
    String trustStore(String... names) throws Exception {
        KeyStore trust = empty();
        for (String name : names) {
            trust.setCertificateEntry(name, all().getCertificate(name));
        }
        return save(trust, String.join("-", names) + "-trust.p12");
    }

    String certificatePem(String... names) throws Exception {
        StringBuilder pem = new StringBuilder();
        for (String name : names) {
            for (Certificate certificate : all().getCertificateChain(name)) {
                pem.append(pem("CERTIFICATE", certificate.getEncoded()));
            }
        }
        return pem.toString();
    }

    String keyPem(String name) throws Exception {
        return pem("PRIVATE KEY", key(name).getEncoded());
    }

    Certificate certificate(String name) throws Exception {
        return all().getCertificate(name);
    }

    private static String pem(String type, byte[] bytes) {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        return "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n";
    }

    private Key key(String name) throws Exception {
        return all().getKey(name, PASSWORD.toCharArray());
    }

    private KeyStore all() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(all)) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private String save(KeyStore store, String file) throws GeneralSecurityException, IOException {
        Path path = directory.resolve(file);
        try (OutputStream out = Files.newOutputStream(path)) {
            store.store(out, PASSWORD.toCharArray());
        }
        return path.toString();
    }
}
