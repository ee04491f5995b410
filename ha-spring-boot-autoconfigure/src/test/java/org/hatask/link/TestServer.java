package org.hatask.link;

/** The web server of a {@link TestNode}, which serves its links below the context path {@code /app}. */
interface TestServer {

    int port();

    /** Stops it, and breaks all its connections; nothing happens when it is stopped already. */
    void stop();
}
