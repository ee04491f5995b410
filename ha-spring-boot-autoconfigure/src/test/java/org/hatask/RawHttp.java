package org.hatask;

import java.io.IOException;
import java.io.InputStream;

/** HTTP byte by byte, for tests that look at what really is on the line. */
public final class RawHttp {

    private RawHttp() {}

    /** The first line and the headers, with the empty line; what there is of them when the stream ends before. */
    public static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            head.append((char) next);
        }
        return head.toString();
    }
}
