package org.hatask.link;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a request comes from, as the container says. Behind a proxy that is a header's content, and so may be anything: only what
 * looks like an address is logged, and all the rest counts as one client.
 *
 * @param text for the log
 * @param group what counts as one client: an IPv4 address, or the first half of an IPv6 address, as whoever has one of these has them all
 */
record ClientAddress(String text, String group) {

    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("\\[?([0-9A-Fa-f:.]{2,45})(%[0-9A-Za-z]{1,16})?]?");
    private static final ClientAddress ODD = new ClientAddress("an unreadable address", "");

    static ClientAddress of(@Nullable String remote) {
        if (remote == null) {
            return ODD;
        }
        if (IPV4.matcher(remote).matches()) {
            return new ClientAddress(remote, remote);
        }
        var sixth = IPV6.matcher(remote);
        if (!sixth.matches() || remote.indexOf(':') < 0) {
            return ODD;
        }
        try {
            // With a colon and nothing but digits it is never looked up.
            InetAddress address = InetAddress.getByName(sixth.group(1));
            byte[] bytes = address.getAddress();
            return bytes.length == 4
                    ? new ClientAddress(address.getHostAddress(), address.getHostAddress())
                    : new ClientAddress(
                            address.getHostAddress(),
                            InetAddress.getByAddress(Arrays.copyOf(Arrays.copyOf(bytes, 8), 16))
                                    .getHostAddress());
        } catch (UnknownHostException e) {
            return ODD;
        }
    }
}
