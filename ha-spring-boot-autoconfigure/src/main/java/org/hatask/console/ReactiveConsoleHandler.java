package org.hatask.console;

import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.hatask.console.ConsolePage.ForgeryToken;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;
import reactor.core.publisher.Mono;

/** What {@link ConsoleHandler} is, for reactive applications. */
public final class ReactiveConsoleHandler implements WebHandler {

    private static final MediaType HTML = new MediaType(MediaType.TEXT_HTML, StandardCharsets.UTF_8);

    private final ConsolePage page;
    private final Function<ServerWebExchange, Mono<ForgeryToken>> tokens;

    /** @param tokens the token of a request against forged ones, or empty; asked only where commands are taken, as it may begin a session */
    public ReactiveConsoleHandler(ConsolePage page, Function<ServerWebExchange, Mono<ForgeryToken>> tokens) {
        this.page = page;
        this.tokens = tokens;
    }

    @Override
    public Mono<Void> handle(ServerWebExchange exchange) {
        Mono<ForgeryToken> token = page.takesCommands() ? tokens.apply(exchange) : Mono.empty();
        return token.map(page::html)
                .switchIfEmpty(Mono.fromSupplier(() -> page.html(null)))
                .flatMap(html -> write(exchange.getResponse(), html.getBytes(StandardCharsets.UTF_8)));
    }

    private static Mono<Void> write(ServerHttpResponse response, byte[] html) {
        HttpHeaders headers = response.getHeaders();
        headers.setContentType(HTML);
        headers.setContentLength(html.length);
        ConsolePage.HEADERS.forEach(headers::set);
        DataBuffer body = response.bufferFactory().wrap(html);
        return response.writeWith(Mono.just(body));
    }
}
