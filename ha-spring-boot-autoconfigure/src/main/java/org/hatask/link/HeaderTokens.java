package org.hatask.link;

import java.util.List;

/** Reads headers that hold lists of tokens. A class of its own, as each of both servers runs where the other's cannot be loaded. */
final class HeaderTokens {

    private HeaderTokens() {}

    /** @param lines all lines of the header */
    static boolean contain(List<String> lines, String token) {
        for (String line : lines) {
            for (String value : line.split(",")) {
                if (value.trim().equalsIgnoreCase(token)) {
                    return true;
                }
            }
        }
        return false;
    }
}
