package org.hatask.console;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.web.util.HtmlUtils;

/**
 * The page, without anything of a web stack: {@link #PATH} is to be answered with {@link #html}, what lies under {@link #FILES}
 * with the files at {@link #LOCATION}, and both with {@link #HEADERS}. All addresses in it are relative, so it works wherever
 * {@link #PATH} lies beside the actuator: behind a context path, a proxy that adds one, or a port of its own.
 */
public final class ConsolePage {

    public static final String PATH = "/ha";

    /** Pattern of the paths of its files. Of a plain {@code console.*} WebFlux does not see that it is a pattern. */
    public static final String FILES = PATH + "/{file:console[.].*}";

    /** Where its files lie on the class path. */
    public static final String LOCATION = "org/hatask/console/assets/";

    /** Nothing is loaded from, sent to or framed by anybody else, and no script or style stands in the page itself. */
    public static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options",
            "nosniff",
            "Referrer-Policy",
            "no-referrer",
            "Cache-Control",
            "no-cache");

    private final String template;
    private final String endpoint;
    private final boolean commands;

    /**
     * @param endpoint path of the endpoint under the one that {@link #PATH} is under, such as {@code /actuator/ha}; null when it
     *     cannot be reached, of which the page then tells
     * @param commands whether the endpoint takes commands
     */
    public ConsolePage(@Nullable String endpoint, boolean commands) {
        this.endpoint = endpoint == null ? "" : endpoint.substring(1);
        this.commands = commands;
        try {
            this.template =
                    new ClassPathResource("org/hatask/console/page.html").getContentAsString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean takesCommands() {
        return commands;
    }

    /** @param token what a command has to carry so that it is not taken for a forged one, or null where nothing is asked for */
    public String html(@Nullable ForgeryToken token) {
        return template.replace("{endpoint}", HtmlUtils.htmlEscape(endpoint))
                .replace("{commands}", Boolean.toString(commands))
                .replace("{token-header}", token == null ? "" : HtmlUtils.htmlEscape(token.header()))
                .replace("{token}", token == null ? "" : HtmlUtils.htmlEscape(token.value()));
    }

    /**
     * @param header name of the header
     * @param value its value
     */
    public record ForgeryToken(String header, String value) {}
}
