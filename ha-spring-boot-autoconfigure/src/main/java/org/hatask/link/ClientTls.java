package org.hatask.link;

import java.util.List;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * How this node opens links to addresses that begin with {@code https}: whose certificates it trusts and which one it shows.
 * The name or address in the URI must always be in the other's certificate.
 *
 * @param context null for that of the Java platform
 * @param protocols allowed versions of TLS, empty for those of the context
 * @param required whether links without TLS are not opened
 */
public record ClientTls(@Nullable SSLContext context, List<String> protocols, boolean required) {

    public ClientTls {
        protocols = List.copyOf(protocols);
    }

    /** What the Java platform trusts, and no certificate of our own. */
    public static ClientTls ofPlatform() {
        return new ClientTls(null, List.of(), false);
    }
}
