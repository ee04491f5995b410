package org.hatask.autoconfigure;

import jakarta.servlet.ServletContext;
import jakarta.websocket.server.ServerContainer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.web.embedded.netty.NettyWebServer;
import org.springframework.boot.web.server.WebServer;
import org.springframework.web.context.WebApplicationContext;

/** How links of other nodes come into this application. Asked when its web server listens. */
interface LinkDoor {

    /** Why none can, and what to change, as the end of a sentence; null when they can. */
    @Nullable
    String whyClosed(WebServer server);

    /** The path below which the application answers; empty for the root. */
    String path();

    /** Where servlets run. */
    record OfServlets(WebApplicationContext context) implements LinkDoor {

        @Override
        public @Nullable String whyClosed(WebServer server) {
            return servlets().getAttribute(ServerContainer.class.getName()) != null
                    ? null
                    : server.getClass().getSimpleName()
                            + " has no WebSocket support here: exclude all web servers but one from the class path, since"
                            + " Spring Boot sets it up for one of them alone; or add spring-boot-starter-websocket, or the"
                            + " WebSocket module of the container";
        }

        @Override
        public String path() {
            return servlets().getContextPath();
        }

        private ServletContext servlets() {
            ServletContext servlets = context.getServletContext();
            if (servlets == null) {
                throw new IllegalStateException("A web server listens, but there is no servlet context");
            }
            return servlets;
        }
    }

    /**
     * Where WebFlux runs on Netty.
     *
     * @param base null for the root
     */
    record OfNetty(@Nullable String base) implements LinkDoor {

        @Override
        public @Nullable String whyClosed(WebServer server) {
            return server instanceof NettyWebServer
                    ? null
                    : "WebFlux runs on " + server.getClass().getSimpleName()
                            + ", where links are not accepted: use spring-boot-starter-reactor-netty";
        }

        @Override
        public String path() {
            return base == null ? "" : base;
        }
    }
}
