package org.hatask.console;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.resource.ResourceWebHandler;
import org.springframework.web.server.ServerWebExchange;

/** What {@link ConsoleFiles} is, for reactive applications. */
public final class ReactiveConsoleFiles extends ResourceWebHandler {

    public ReactiveConsoleFiles() {
        setLocations(List.of(new ClassPathResource(ConsolePage.LOCATION)));
        // The time of a file within a jar may be the same in two versions.
        setUseLastModified(false);
    }

    @Override
    protected void setHeaders(ServerWebExchange exchange, Resource resource, @Nullable MediaType mediaType)
            throws IOException {
        super.setHeaders(exchange, resource, mediaType);
        HttpHeaders headers = exchange.getResponse().getHeaders();
        ConsolePage.HEADERS.forEach(headers::set);
    }
}
