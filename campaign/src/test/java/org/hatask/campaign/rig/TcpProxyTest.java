package org.hatask.campaign.rig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TcpProxyTest {

    private static final int SOON_MILLIS = 30_000;
    private static final int A_WHILE_MILLIS = 300;

    private final Flow there = new Flow(1);
    private final Flow back = new Flow(2);
    private ServerSocket server;
    private TcpProxy proxy;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        proxy = new TcpProxy(
                "a>b",
                new InetSocketAddress("127.0.0.1", 0),
                (InetSocketAddress) server.getLocalSocketAddress(),
                there,
                back);
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        server.close();
    }

    private Socket dial() throws IOException {
        return new Socket("127.0.0.1", proxy.port());
    }

    private static int read(Socket socket, int patienceMillis) throws IOException {
        socket.setSoTimeout(patienceMillis);
        return socket.getInputStream().read();
    }

    @Test
    void bytesPassBothWays() throws IOException {
        try (Socket client = dial();
                Socket accepted = server.accept()) {
            client.getOutputStream().write(7);
            assertThat(read(accepted, SOON_MILLIS)).isEqualTo(7);
            accepted.getOutputStream().write(8);
            assertThat(read(client, SOON_MILLIS)).isEqualTo(8);
        }
    }

    @Test
    void oneDirectionIsCutAndLosesNothing() throws IOException {
        try (Socket client = dial();
                Socket accepted = server.accept()) {
            there.cut();
            client.getOutputStream().write(7);
            accepted.getOutputStream().write(8);

            assertThat(read(client, SOON_MILLIS)).isEqualTo(8);
            assertThatThrownBy(() -> read(accepted, A_WHILE_MILLIS)).isInstanceOf(SocketTimeoutException.class);
            there.heal();
            assertThat(read(accepted, SOON_MILLIS)).isEqualTo(7);
        }
    }

    @Test
    void theEndOfAConnectionIsHeldBackByACutAsWell() throws IOException {
        try (Socket client = dial();
                Socket accepted = server.accept()) {
            back.cut();
            accepted.close();

            assertThatThrownBy(() -> read(client, A_WHILE_MILLIS)).isInstanceOf(SocketTimeoutException.class);
            back.heal();
            assertThat(read(client, SOON_MILLIS)).isEqualTo(-1);
        }
    }

    @Test
    void aSlowLineDelivers() throws IOException {
        there.slow(Duration.ofMillis(100), 0);
        long start = System.nanoTime();
        try (Socket client = dial();
                Socket accepted = server.accept()) {
            client.getOutputStream().write(7);
            assertThat(read(accepted, SOON_MILLIS)).isEqualTo(7);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(200));
    }

    @Test
    void aLineToNobodyRefusesAsNobodyWould() throws IOException {
        proxy.targetListens(false);
        assertThatThrownBy(this::dial).isInstanceOf(ConnectException.class);

        proxy.targetListens(true);
        try (Socket client = dial();
                Socket accepted = server.accept()) {
            assertThat(client.isConnected()).isTrue();
            assertThat(accepted.isConnected()).isTrue();
        }
    }

    @Test
    void theDoorClosesWhenTheTargetRefuses() throws IOException {
        server.close();
        try (Socket client = dial()) {
            assertThatThrownBy(() -> {
                        if (read(client, SOON_MILLIS) == -1) {
                            throw new IOException("closed");
                        }
                    })
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(SocketTimeoutException.class);
        }
        await().atMost(Duration.ofMillis(SOON_MILLIS))
                .untilAsserted(() -> assertThat(proxy.targetListens()).isFalse());
        assertThatThrownBy(this::dial).isInstanceOf(ConnectException.class);
    }

    @Test
    void aRejectingLineResetsWhatIsOpenAndRefusesWhatIsNew() throws IOException {
        try (Socket client = dial();
                Socket accepted = server.accept()) {
            proxy.reject();
            assertThatThrownBy(() -> read(client, SOON_MILLIS))
                    .isInstanceOf(IOException.class)
                    .isNotInstanceOf(SocketTimeoutException.class);
            assertThat(accepted.isConnected()).isTrue();
            assertThatThrownBy(this::dial).isInstanceOf(ConnectException.class);
        }
        proxy.admit();
        try (Socket client = dial();
                Socket accepted = server.accept()) {
            assertThat(client.isConnected()).isTrue();
            assertThat(accepted.isConnected()).isTrue();
        }
    }
}
