package org.hatask.link;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.AbstractProtocol;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.apache.tomcat.websocket.server.WsSci;
import org.springframework.util.FileSystemUtils;

/** Tomcat as Spring Boot embeds it. */
final class TestTomcat implements TestServer {

    private final Tomcat tomcat = new Tomcat();
    private volatile Supplier<String> work = () -> "";

    TestTomcat(LinkTransport transport) {
        try {
            Path base = Files.createTempDirectory("ha-link");
            // For nodes whose server a test has stopped itself.
            base.toFile().deleteOnExit();
            tomcat.setBaseDir(base.toString());
            tomcat.setSilent(true);
            tomcat.setPort(0);
            Context context = tomcat.addContext("/app", null);
            context.addServletContainerInitializer(new WsSci(), null);
            FilterDef filter = new FilterDef();
            filter.setFilterName("link");
            filter.setFilter(new LinkServer(transport));
            context.addFilterDef(filter);
            FilterMap mapping = new FilterMap();
            mapping.setFilterName("link");
            mapping.addURLPattern(LinkServer.PATH);
            context.addFilterMapBefore(mapping);
            Tomcat.addServlet(context, "all", new Work());
            context.addServletMappingDecoded("/", "all");
            tomcat.getConnector();
            tomcat.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (LifecycleException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What every other request does. */
    private final class Work extends HttpServlet {

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.getWriter().print(work.get());
        }
    }

    void onRequest(int threads, Supplier<String> task) {
        AbstractProtocol<?> protocol =
                (AbstractProtocol<?>) tomcat.getConnector().getProtocolHandler();
        protocol.setMinSpareThreads(threads);
        protocol.setMaxThreads(threads);
        work = task;
    }

    @Override
    public int port() {
        return tomcat.getConnector().getLocalPort();
    }

    @Override
    public void stop() {
        if (!tomcat.getServer().getState().isAvailable()) {
            return;
        }
        try {
            tomcat.stop();
            tomcat.destroy();
        } catch (LifecycleException e) {
            throw new IllegalStateException(e);
        }
        FileSystemUtils.deleteRecursively(tomcat.getServer().getCatalinaBase());
    }
}
