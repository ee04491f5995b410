package org.hatask.console;

import jakarta.servlet.http.HttpServletRequest;
import java.util.function.Function;
import org.hatask.console.ConsolePage.ForgeryToken;
import org.jspecify.annotations.Nullable;
import org.springframework.security.web.csrf.CsrfToken;

/** The tokens of Spring Security, which leaves them at the request unless its protection is turned off. */
public final class SecurityTokens implements Function<HttpServletRequest, @Nullable ForgeryToken> {

    @Override
    public @Nullable ForgeryToken apply(HttpServletRequest request) {
        return request.getAttribute(CsrfToken.class.getName()) instanceof CsrfToken token
                ? new ForgeryToken(token.getHeaderName(), token.getToken())
                : null;
    }
}
