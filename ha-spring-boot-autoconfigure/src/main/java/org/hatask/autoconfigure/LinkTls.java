package org.hatask.autoconfigure;

import java.util.List;
import java.util.function.Supplier;
import org.hatask.link.ClientTls;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.web.ServerProperties;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerSslBundle;

/**
 * The TLS of the links that this node opens: {@code ha.link.ssl.bundle}, else the server's own, else the Java platform's. Written
 * at the start and by whoever reloads the bundle; a dial sees the newest.
 */
final class LinkTls implements Supplier<ClientTls> {

    private static final Logger log = LoggerFactory.getLogger(LinkTls.class);

    private volatile ClientTls current = ClientTls.ofPlatform();

    static LinkTls of(@Nullable String bundle, @Nullable SslBundles bundles, @Nullable ServerProperties server) {
        Ssl own = server == null ? null : server.getSsl();
        LinkTls tls = new LinkTls();
        if (bundle != null && !bundle.isBlank()) {
            tls.follow(bundle, bundles, true);
        } else if (own != null && Ssl.isEnabled(own)) {
            if (own.getBundle() != null) {
                tls.follow(own.getBundle(), bundles, false);
            } else {
                tls.current = client(WebServerSslBundle.get(own, bundles), false);
            }
        }
        return tls;
    }

    private void follow(String name, @Nullable SslBundles bundles, boolean required) {
        if (bundles == null) {
            throw new IllegalStateException(
                    "SSL bundle '" + name + "' is to be used, but there are no SSL bundles: do not"
                            + " exclude Spring Boot's SslAutoConfiguration.");
        }
        current = client(bundles.getBundle(name), required);
        bundles.addBundleUpdateHandler(name, reloaded -> {
            try {
                current = client(reloaded, required);
                log.info("New links use the reloaded SSL bundle '{}'", name);
            } catch (RuntimeException e) {
                log.error(
                        "SSL bundle '{}' was reloaded but cannot be used; links go on with what it was before",
                        name,
                        e);
            }
        });
    }

    private static ClientTls client(SslBundle bundle, boolean required) {
        String[] protocols = bundle.getOptions().getEnabledProtocols();
        return new ClientTls(bundle.createSslContext(), protocols == null ? List.of() : List.of(protocols), required);
    }

    @Override
    public ClientTls get() {
        return current;
    }
}
