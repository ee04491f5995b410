package org.hatask.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientAddressTest {

    @Test
    void everyIpv4AddressIsAClient() {
        assertThat(ClientAddress.of("192.0.2.7")).isEqualTo(new ClientAddress("192.0.2.7", "192.0.2.7"));
        assertThat(ClientAddress.of("::ffff:192.0.2.7").group()).isEqualTo("192.0.2.7");
    }

    @Test
    void anIpv6NetworkIsOneClient() {
        ClientAddress one = ClientAddress.of("2001:db8:1:2:aaaa:bbbb:cccc:dddd");

        assertThat(one.text()).isEqualTo("2001:db8:1:2:aaaa:bbbb:cccc:dddd");
        assertThat(one.group()).isEqualTo(ClientAddress.of("[2001:db8:1:2::1]").group());
        assertThat(one.group()).isNotEqualTo(ClientAddress.of("2001:db8:1:3::1").group());
        assertThat(ClientAddress.of("fe80:0:0:0:1:2:3:4%eth0").text()).isEqualTo("fe80:0:0:0:1:2:3:4");
    }

    @ParameterizedTest
    @NullAndEmptySource
    @ValueSource(
            strings = {
                "1.2.3.4\nWARN all is well",
                "example.com",
                "1.2.3.4 ",
                "${jndi:ldap://x}",
                "::1\u001b[31m",
                "a:b:c",
                "1.2.3.4:80"
            })
    void whatIsNoAddressIsNotRepeated(String remote) {
        assertThat(ClientAddress.of(remote)).isEqualTo(new ClientAddress("an unreadable address", ""));
    }
}
