package org.hatask.console;

import java.util.function.Function;
import org.hatask.console.ConsolePage.ForgeryToken;
import org.springframework.security.web.server.csrf.CsrfToken;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** What {@link SecurityTokens} is, for reactive applications. */
public final class ReactiveSecurityTokens implements Function<ServerWebExchange, Mono<ForgeryToken>> {

    @Override
    public Mono<ForgeryToken> apply(ServerWebExchange exchange) {
        return exchange.getAttribute(CsrfToken.class.getName()) instanceof Mono<?> token
                ? token.cast(CsrfToken.class).map(known -> new ForgeryToken(known.getHeaderName(), known.getToken()))
                : Mono.empty();
    }
}
