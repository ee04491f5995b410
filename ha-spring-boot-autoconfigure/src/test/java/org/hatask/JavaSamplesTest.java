package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.hatask.Documentation.Sample;
import org.hatask.execute.TaskDefaults;
import org.hatask.execute.TaskDefinitionFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The Java samples of the documentation are compiled, as members of a class or as statements of a method, and their tasks defined as
 * at the start of an application. They are shown without imports; what surrounds them is in {@code org.hatask.documented}. {@code …}
 * stands for statements.
 */
class JavaSamplesTest {

    private static final List<String> IMPORTS = List.of(
            "java.io.IOException",
            "java.time.*",
            "java.util.*",
            "java.util.concurrent.*",
            "javax.sql.DataSource",
            "org.apache.curator.framework.CuratorFramework",
            "org.apache.curator.framework.recipes.leader.LeaderLatch",
            "org.hatask.*",
            "org.hatask.dispatch.*",
            "org.hatask.fence.JdbcFence",
            "org.springframework.beans.factory.annotation.Qualifier",
            "org.springframework.boot.actuate.autoconfigure.security.servlet.EndpointRequest",
            "org.springframework.cloud.client.loadbalancer.DefaultResponse",
            "org.springframework.cloud.loadbalancer.annotation.LoadBalancerClient",
            "org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer",
            "org.springframework.context.SmartLifecycle",
            "org.springframework.context.annotation.Bean",
            "org.springframework.context.annotation.Configuration",
            "org.springframework.context.event.EventListener",
            "org.springframework.http.HttpMethod",
            "org.springframework.scheduling.annotation.Scheduled",
            "org.springframework.security.config.Customizer",
            "org.springframework.security.config.web.server.ServerHttpSecurity",
            "org.springframework.security.web.server.SecurityWebFilterChain",
            "org.springframework.security.web.server.util.matcher.ServerWebExchangeMatcher",
            "org.springframework.stereotype.*",
            "org.springframework.transaction.annotation.*",
            "org.springframework.web.bind.annotation.*",
            "reactor.core.publisher.Mono");

    private static final String PACKAGE = "org.hatask.documented";
    private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

    @TempDir
    static Path classes;

    private static final Map<String, Sample> samples = new LinkedHashMap<>();
    private static final List<String> mistakes = new ArrayList<>();

    /** The sample begins in the second line. */
    private static final class Source extends SimpleJavaFileObject {

        private final Sample sample;
        private final String text;

        private Source(String name, Sample sample, String before, String after) {
            super(URI.create("string:///" + PACKAGE.replace('.', '/') + "/" + name + ".java"), Kind.SOURCE);
            this.sample = sample;
            this.text = "package " + PACKAGE + "; import " + String.join("; import ", IMPORTS) + "; class " + name
                    + " extends Surroundings {" + before + "\n"
                    + sample.text().replace("…", "throw new UnsupportedOperationException();") + "\n" + after
                    + "}";
        }

        static Source members(String name, Sample sample) {
            return new Source(name, sample, "", "");
        }

        static Source statements(String name, Sample sample) {
            return new Source(name, sample, " void sample() throws Exception {", "}");
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    @BeforeAll
    static void compile() throws IOException {
        List<Source> sources = new ArrayList<>();
        for (Sample sample : Documentation.samples("java")) {
            String name = "Sample" + sources.size();
            Source members = Source.members(name, sample);
            sources.add(isWellFormed(members) ? members : Source.statements(name, sample));
            samples.put(PACKAGE + "." + name, sample);
        }
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        task(sources, found).call();
        found.getDiagnostics().stream()
                .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                .map(JavaSamplesTest::told)
                .forEach(mistakes::add);
    }

    private static boolean isWellFormed(Source source) throws IOException {
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        ((JavacTask) task(List.of(source), found)).parse();
        return found.getDiagnostics().isEmpty();
    }

    private static JavaCompiler.CompilationTask task(
            List<Source> sources, DiagnosticCollector<JavaFileObject> diagnostics) {
        List<String> options = List.of("-proc:none", "-parameters", "-Xmaxerrs", "1000", "-d", classes.toString());
        return COMPILER.getTask(null, null, diagnostics, options, null, sources);
    }

    private static String told(Diagnostic<? extends JavaFileObject> diagnostic) {
        String where = diagnostic.getSource() instanceof Source source
                ? source.sample.at(diagnostic.getLineNumber() - 1)
                : String.valueOf(diagnostic.getSource());
        return where + ": " + diagnostic.getMessage(null);
    }

    @Test
    void everySampleCompiles() {
        assertThat(samples).hasSizeGreaterThan(20);
        assertThat(mistakes).isEmpty();
    }

    @Test
    void everyTaskOfASampleIsOne() throws IOException {
        TaskDefinitionFactory definitions = new TaskDefinitionFactory(
                text -> text,
                new TaskDefaults(Duration.ofMinutes(10), Duration.ofSeconds(1), Duration.ofMinutes(10)),
                false,
                Map.of(),
                Balance.ROUND_ROBIN);
        List<String> refused = new ArrayList<>();
        int tasks = 0;
        try (URLClassLoader loader = new URLClassLoader(
                        new URL[] {classes.toUri().toURL()}, getClass().getClassLoader());
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".class"))
                    .sorted()
                    .toList()) {
                String name = PACKAGE + "." + file.getFileName().toString().replace(".class", "");
                try {
                    Class<?> type = Class.forName(name, false, loader);
                    if (TaskDefinitionFactory.hasTasks(type)) {
                        tasks += definitions.definitions("desk", type).size();
                    }
                } catch (ReflectiveOperationException | RuntimeException e) {
                    refused.add(samples.get(name.replaceFirst("\\$.*", "")) + ": " + e.getMessage());
                }
            }
        }
        assertThat(refused).isEmpty();
        assertThat(tasks).isGreaterThan(10);
    }
}
