package org.hatask.console;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.springframework.util.FileSystemUtils;

/**
 * A Chromium of this machine without a window, with one page, steered over a pair of pipes by its own protocol. It ends when the
 * pipes do, so with this process however that ends.
 */
public final class Browser implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Chromium reads from descriptor 3 and writes to 4; a child of this process has only the first three. */
    private static final String PIPES = "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null";

    private final Process process;
    private final Path profile;
    private final OutputStream requests;
    private final AtomicInteger lastId = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private final String session;

    private Browser(Process process, Path profile) {
        this.process = process;
        this.profile = profile;
        this.requests = process.getOutputStream();
        Thread reader = new Thread(this::read, "browser");
        reader.setDaemon(true);
        reader.start();
        String target = send("Target.createTarget", Map.of("url", "about:blank"), "")
                .path("targetId")
                .asText();
        this.session = send("Target.attachToTarget", Map.of("targetId", target, "flatten", true), "")
                .path("sessionId")
                .asText();
        List.of("Page.enable", "Runtime.enable", "Log.enable").forEach(method -> command(method, Map.of()));
    }

    /** Where the build must tell the truth, a test without it is not skipped but fails. */
    public static boolean isThere() {
        return "true".equals(System.getenv("CI")) || find().isPresent();
    }

    public static Browser start() throws IOException {
        Path chromium = find().orElseThrow(
                        () -> new AssertionError("There is no Chromium on this machine. Install it, on Debian with:"
                                + " apt-get install --no-install-recommends chromium"));
        Path profile = Files.createTempDirectory("chromium");
        Process process = new ProcessBuilder(
                        "sh",
                        "-c",
                        PIPES,
                        "sh",
                        chromium.toString(),
                        "--headless=new",
                        "--remote-debugging-pipe",
                        "--user-data-dir=" + profile,
                        "--no-first-run",
                        "--disable-gpu",
                        "--hide-scrollbars",
                        "--disable-dev-shm-usage",
                        "--disable-background-networking",
                        // Builds run as root, for whom there is no sandbox; the only pages are the test's own.
                        "--no-sandbox")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return new Browser(process, profile);
    }

    private static Optional<Path> find() {
        return Stream.of(System.getenv("PATH").split(":"))
                .flatMap(place -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(place, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Loads a page and waits until it is there. */
    public void open(String uri) {
        command("Page.navigate", Map.of("url", uri));
        awaitTrue("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /** The value of an expression on the page, waited for where it is a promise. */
    public JsonNode evaluate(String expression) {
        JsonNode answer = command(
                "Runtime.evaluate", Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
        if (answer.has("exceptionDetails")) {
            throw new AssertionError(expression + " failed: " + answer.path("exceptionDetails"));
        }
        return answer.path("result").path("value");
    }

    public void awaitTrue(String expression) {
        try {
            await().pollInterval(Duration.ofMillis(20))
                    .atMost(PATIENCE)
                    .until(() -> evaluate("Boolean(" + expression + ")").asBoolean());
        } catch (ConditionTimeoutException e) {
            throw new AssertionError("not so within " + PATIENCE + ": " + expression + " on\n" + text("body"), e);
        }
    }

    /** The text that a person sees of an element; empty where it is not there. */
    public String text(String selector) {
        return evaluate("document.querySelector(" + quoted(selector) + ")?.innerText ?? ''")
                .asText();
    }

    public static String quoted(String text) {
        return JSON.valueToTree(text).toString();
    }

    public void click(String selector) {
        evaluate("document.querySelector(" + quoted(selector) + ").click()");
    }

    /** A key, as the keyboard sends it, such as {@code Tab} or {@code Enter}. */
    public void press(String key) {
        int code = Map.of("Tab", 9, "Enter", 13, "Escape", 27).get(key);
        String text = key.equals("Enter") ? "\r" : "";
        command(
                "Input.dispatchKeyEvent",
                Map.of("type", "keyDown", "key", key, "code", key, "windowsVirtualKeyCode", code, "text", text));
        command(
                "Input.dispatchKeyEvent",
                Map.of("type", "keyUp", "key", key, "code", key, "windowsVirtualKeyCode", code));
    }

    public void type(String text) {
        command("Input.insertText", Map.of("text", text));
    }

    public void resize(int width, int height) {
        command(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    }

    public void preferDark(boolean dark) {
        Map<String, String> scheme = Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light");
        command("Emulation.setEmulatedMedia", Map.of("features", List.of(scheme)));
    }

    /** A picture of the whole page. */
    public void screenshot(Path file) throws IOException {
        JsonNode size = command("Page.getLayoutMetrics", Map.of()).path("cssContentSize");
        Map<String, Object> clip = Map.of(
                "x",
                0,
                "y",
                0,
                "width",
                size.path("width").asInt(),
                "height",
                size.path("height").asInt(),
                "scale",
                1);
        JsonNode picture =
                command("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true, "clip", clip));
        Files.createDirectories(file.getParent());
        Files.write(file, Base64.getDecoder().decode(picture.path("data").asText()));
    }

    /** What the browser found wrong with pages since the start: errors of scripts, what a policy forbade, what did not load. */
    public List<String> complaints() {
        return List.copyOf(complaints);
    }

    private JsonNode command(String method, Map<String, ?> parameters) {
        return send(method, parameters, session);
    }

    private JsonNode send(String method, Map<String, ?> parameters, String inSession) {
        int id = lastId.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        answers.put(id, answer);
        Map<String, Object> request = new HashMap<>(Map.of("id", id, "method", method, "params", parameters));
        if (!inSession.isEmpty()) {
            request.put("sessionId", inSession);
        }
        try {
            synchronized (requests) {
                requests.write(JSON.writeValueAsBytes(request));
                requests.write(0);
                requests.flush();
            }
            JsonNode message = answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (message.has("error")) {
                throw new AssertionError(method + " failed: " + message.path("error"));
            }
            return message.path("result");
        } catch (Exception e) {
            throw new AssertionError("Chromium does not answer to " + method, e);
        }
    }

    private void read() {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        byte[] buffer = new byte[64 * 1024];
        try (InputStream in = process.getInputStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                for (int i = 0; i < n; i++) {
                    if (buffer[i] != 0) {
                        message.write(buffer[i]);
                    } else {
                        received(JSON.readTree(message.toString(StandardCharsets.UTF_8)));
                        message.reset();
                    }
                }
            }
        } catch (IOException e) {
            // It has ended, and so has everything that waits for it.
        }
        answers.values().forEach(answer -> answer.completeExceptionally(new IOException("Chromium has ended")));
    }

    private void received(JsonNode message) {
        if (message.has("id")) {
            CompletableFuture<JsonNode> answer =
                    answers.remove(message.path("id").asInt());
            if (answer != null) {
                answer.complete(message);
            }
            return;
        }
        JsonNode parameters = message.path("params");
        switch (message.path("method").asText()) {
            case "Runtime.exceptionThrown" ->
                complaints.add(parameters.path("exceptionDetails").toString());
            case "Log.entryAdded" -> {
                if (parameters.path("entry").path("level").asText().equals("error")) {
                    complaints.add(parameters.path("entry").path("text").asText() + " "
                            + parameters.path("entry").path("url").asText());
                }
            }
            default -> {}
        }
    }

    @Override
    public void close() throws IOException {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        requests.close();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
            }
            for (ProcessHandle each : all) {
                each.onExit().get(5, TimeUnit.SECONDS);
            }
        } catch (Exception e) {
            all.forEach(ProcessHandle::destroyForcibly);
        }
        FileSystemUtils.deleteRecursively(profile);
    }
}
