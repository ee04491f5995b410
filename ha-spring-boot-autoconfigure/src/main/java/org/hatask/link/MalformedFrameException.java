package org.hatask.link;

/** What came over the link is not of this protocol, or not authentic. The link is closed. The message echoes no input. */
final class MalformedFrameException extends Exception {

    MalformedFrameException(String message) {
        super(message);
    }
}
