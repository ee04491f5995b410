package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLHandshakeException;
import org.hatask.link.PeerLinks.Failure;
import org.junit.jupiter.api.Test;

class DialProblemTest {

    private static Failure failure(Throwable cause) {
        Throwable error = new ExecutionException(cause);
        return DialProblem.of(error, TestNode.node("b", 1)).failure();
    }

    private static Throwable tls(IOException cause) {
        return new SSLHandshakeException("ended").initCause(cause);
    }

    @Test
    void onlyTheWordThatNobodyListensIsARefusal() {
        assertThat(failure(new ConnectException("Connection refused"))).isEqualTo(Failure.REFUSED);
        assertThat(failure(new ConnectException("Connection timed out"))).isEqualTo(Failure.OTHER);
    }

    @Test
    void whatWasAcceptedAndBrokenOffIsWorthAnotherTry() {
        assertThat(failure(new IOException("Connection reset by peer"))).isEqualTo(Failure.BROKEN);
        assertThat(failure(new EOFException("no response"))).isEqualTo(Failure.BROKEN);
        assertThat(failure(tls(new EOFException("in the handshake")))).isEqualTo(Failure.BROKEN);
        assertThat(failure(tls(new SocketException("Connection reset")))).isEqualTo(Failure.BROKEN);
    }

    @Test
    void whatWasNeverAcceptedIsNot() {
        assertThat(failure(new NoRouteToHostException("No route to host"))).isEqualTo(Failure.OTHER);
        assertThat(failure(new UnknownHostException("b"))).isEqualTo(Failure.OTHER);
        assertThat(failure(new TimeoutException())).isEqualTo(Failure.OTHER);
        assertThat(failure(new SSLHandshakeException("no trust"))).isEqualTo(Failure.OTHER);
    }

    @Test
    void anAnswerThatIsNoHttpIsHardlyWorthAnother() {
        assertThat(failure(new ProtocolException("Invalid status line"))).isEqualTo(Failure.NO_HTTP);
    }
}
