package org.hatask.link;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.net.http.WebSocketHandshakeException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.hatask.cluster.Node;
import org.hatask.link.PeerLinks.Failure;
import org.jspecify.annotations.Nullable;

/**
 * Why a connection could not be opened. Who answers at an address may be anybody, so nothing of the answer is in it but its HTTP
 * status.
 *
 * @param reason to be read after "no connection to": what happened and, where it can be changed, how
 * @param failure what to expect of another try
 * @param expected whether it is what happens when a process or a line dies, so that nobody needs to be told
 */
record DialProblem(String reason, Failure failure, boolean expected) {

    private static final String NO_NODE = "it answers as no node does";

    /** The status of an answer that upgrades the connection, if to something else. */
    private static final int UPGRADED = 101;

    static DialProblem of(Throwable error, Node target) {
        if (isRefused(error)) {
            return new DialProblem("connection refused", Failure.REFUSED, true);
        }
        SSLException tls = find(error, SSLException.class);
        if (tls != null) {
            boolean broken = find(error, EOFException.class) != null || find(error, SocketException.class) != null;
            return new DialProblem(tlsReason(error, tls, target), broken ? Failure.BROKEN : Failure.OTHER, false);
        }
        if (find(error, TimeoutException.class) != null || find(error, HttpTimeoutException.class) != null) {
            return new DialProblem("it does not answer", Failure.OTHER, true);
        }
        if (find(error, EOFException.class) != null) {
            return new DialProblem("it closed the connection instead of an answer", Failure.BROKEN, true);
        }
        if (find(error, ProtocolException.class) != null) {
            return new DialProblem(NO_NODE, Failure.NO_HTTP, false);
        }
        WebSocketHandshakeException answer = find(error, WebSocketHandshakeException.class);
        if (answer != null) {
            return noLink(answer.getResponse().statusCode());
        }
        IOException ofTheLine = find(error, IOException.class);
        if (ofTheLine != null) {
            return new DialProblem(
                    String.valueOf(rootOf(ofTheLine).getMessage()),
                    isNeverAccepted(error) ? Failure.OTHER : Failure.BROKEN,
                    true);
        }
        return new DialProblem(String.valueOf(rootOf(error).getMessage()), Failure.OTHER, false);
    }

    /** It did answer, in a way that is no link. */
    private static DialProblem noLink(int status) {
        return new DialProblem(
                status == UPGRADED ? NO_NODE : "it answers with HTTP status " + status, Failure.OTHER, false);
    }

    private static String tlsReason(Throwable error, SSLException tls, Node target) {
        CertificateException expired = find(error, CertificateExpiredException.class);
        if (expired != null) {
            return "its TLS certificate has expired (" + expired.getMessage() + "): renew it on " + target.id();
        }
        CertificateException early = find(error, CertificateNotYetValidException.class);
        if (early != null) {
            return "its TLS certificate is not valid yet (" + early.getMessage()
                    + "): compare the clocks of both machines, or replace it on " + target.id();
        }
        if (find(error, CertPathBuilderException.class) != null) {
            return "its TLS certificate is not trusted here: put its issuer into the trust material of ha.link.ssl.bundle,"
                    + " or of the server's own bundle where that is not set";
        }
        CertificateException certificate = find(error, CertificateException.class);
        if (certificate != null && String.valueOf(certificate.getMessage()).contains("ubject alternative")) {
            return "its TLS certificate is not for " + target.uri().getHost()
                    + ": issue one with that as a subject alternative name, or set ha.node.host on " + target.id()
                    + " to a name that is in it";
        }
        String message = String.valueOf(tls.getMessage());
        if (message.contains("fatal alert")) {
            return "it ended the TLS handshake (" + message
                    + "): if it asks for certificates of clients, then the key in"
                    + " ha.link.ssl.bundle, or in the server's own bundle where that is not set, must be one that it trusts";
        }
        return "TLS failed: " + (certificate != null ? certificate.getClass().getSimpleName() : message);
    }

    /** Only the word of the other machine that nobody listens there; the same exception is used for time-outs. */
    private static boolean isRefused(Throwable error) {
        ConnectException connect = find(error, ConnectException.class);
        return connect != null
                && String.valueOf(connect.getMessage()).toLowerCase(Locale.ROOT).contains("refused");
    }

    /** A machine that is off or has no name will not be there in a moment. */
    private static boolean isNeverAccepted(Throwable error) {
        return find(error, ConnectException.class) != null
                || find(error, NoRouteToHostException.class) != null
                || find(error, UnknownHostException.class) != null;
    }

    private static <T extends Throwable> @Nullable T find(Throwable error, Class<T> type) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
        }
        return null;
    }

    private static Throwable rootOf(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }
}
