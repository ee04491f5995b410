package org.hatask.console;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.hatask.console.ConsolePage.ForgeryToken;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.HttpRequestHandler;

/** Answers with the page. */
public final class ConsoleHandler implements HttpRequestHandler {

    private final ConsolePage page;
    private final Function<HttpServletRequest, @Nullable ForgeryToken> tokens;

    /** @param tokens the token of a request against forged ones; asked only where commands are taken, as it may begin a session */
    public ConsoleHandler(ConsolePage page, Function<HttpServletRequest, @Nullable ForgeryToken> tokens) {
        this.page = page;
        this.tokens = tokens;
    }

    @Override
    public void handleRequest(HttpServletRequest request, HttpServletResponse response) throws IOException {
        byte[] html =
                page.html(page.takesCommands() ? tokens.apply(request) : null).getBytes(StandardCharsets.UTF_8);
        response.setContentType(MediaType.TEXT_HTML_VALUE);
        response.setCharacterEncoding(StandardCharsets.UTF_8.name());
        response.setContentLength(html.length);
        ConsolePage.HEADERS.forEach(response::setHeader);
        response.getOutputStream().write(html);
    }
}
