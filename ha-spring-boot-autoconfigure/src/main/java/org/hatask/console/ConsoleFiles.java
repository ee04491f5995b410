package org.hatask.console;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.resource.ResourceHttpRequestHandler;

/** Answers with the files of the page. */
public final class ConsoleFiles extends ResourceHttpRequestHandler {

    public ConsoleFiles() {
        setLocations(List.of(new ClassPathResource(ConsolePage.LOCATION)));
        // The time of a file within a jar may be the same in two versions.
        setUseLastModified(false);
    }

    @Override
    protected void setHeaders(HttpServletResponse response, Resource resource, @Nullable MediaType mediaType)
            throws IOException {
        super.setHeaders(response, resource, mediaType);
        ConsolePage.HEADERS.forEach(response::setHeader);
    }
}
