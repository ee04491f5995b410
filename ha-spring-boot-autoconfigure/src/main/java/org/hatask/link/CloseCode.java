package org.hatask.link;

/** Why a WebSocket is closed, as the other end is told (RFC 6455, 7.4.1). */
enum CloseCode {
    NORMAL_CLOSURE(1000),
    GOING_AWAY(1001),
    PROTOCOL_ERROR(1002),
    CANNOT_ACCEPT(1003),
    /** Never sent: the connection ended without a word. */
    CLOSED_ABNORMALLY(1006),
    VIOLATED_POLICY(1008),
    TOO_BIG(1009),
    TRY_AGAIN_LATER(1013);

    private final int number;

    CloseCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
