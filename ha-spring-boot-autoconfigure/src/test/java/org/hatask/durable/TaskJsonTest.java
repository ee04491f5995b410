package org.hatask.durable;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hatask.TaskState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskJsonTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.123Z");
    private static final TaskFailure FAILURE = new TaskFailure(TaskFailure.Kind.THREW, "no \"ü€😀\"", "{\"types\":[]}");
    private static final TaskRecord RUNNING = TaskRecord.submitted(
                    "id", "mail", "()void", "[1]", NOW, "n1", "key", Duration.ZERO, Duration.ofHours(1), 3)
            .leasedTo(new Lease("w.1", "n1"))
            .started(NOW, 7)
            .failed(NOW, FAILURE, Duration.ZERO)
            .leasedTo(new Lease("w.2", "n2"))
            .started(NOW, 8)
            .reported("half", "{\"page\":1}");

    @Test
    void aRecordIsReadAsItWasWritten() {
        assertThat(TaskJson.read(TaskJson.write(RUNNING), 5)).contains(RUNNING.withVersion(5));
        TaskRecord done = RUNNING.succeeded(NOW, "\"x\"");
        assertThat(TaskJson.read(TaskJson.write(done), 6)).contains(done.withVersion(6));
    }

    @Test
    void partsAreReadAsTheyWereWritten() {
        assertThat(TaskJson.readAttempts(TaskJson.writeAttempts(RUNNING.attempts())))
                .contains(RUNNING.attempts());
        assertThat(TaskJson.readAttempts(TaskJson.writeAttempts(List.of()))).contains(List.of());
        assertThat(TaskJson.readFailure(TaskJson.writeFailure(FAILURE))).contains(FAILURE);
        assertThat(TaskJson.writeFailure(null)).isNull();
    }

    @Test
    void fieldsOfAnotherVersionAreIgnored() {
        String json = new String(TaskJson.write(RUNNING), StandardCharsets.UTF_8).replaceFirst("\\{", "{\"new\":[1],");
        assertThat(read(json)).contains(RUNNING);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{}",
                "{\"id\":\"x\"}",
                "{\"id\":\"x\",\"state\":\"DREAMING\"}",
            })
    void whatCannotBeUnderstoodIsEmpty(String json) {
        assertThat(read(json)).isEmpty();
        assertThat(TaskJson.readAttempts("[" + json)).isEmpty();
        assertThat(TaskJson.readFailure(json)).isEmpty();
    }

    @Test
    void whatContradictsItselfIsEmpty() {
        String json = new String(TaskJson.write(RUNNING), StandardCharsets.UTF_8);
        assertThat(read(json)).isPresent();
        assertThat(read(json.replace("RUNNING", "PENDING"))).isEmpty();
        assertThat(read(json.replace("\"task\":\"mail\"", "\"task\":null"))).isEmpty();
        assertThat(read(json.replace("\"attempts\":[", "\"attempts\":[null,"))).isEmpty();
        assertThat(read(json.replaceFirst("\"attempts\":\\[.*?]", "\"attempts\":[]")))
                .isEmpty();
        assertThat(read(json.replaceFirst("\"attempts\":\\[.*?],", ""))).isEmpty();
        assertThat(read(json.replace("\"worker\":\"w.2\"", "\"worker\":null"))).isEmpty();
        assertThat(read(json.replace("\"kind\":\"THREW\",", ""))).isEmpty();
        assertThat(read(json.replace("\"dueAt\":\"2026", "\"dueAt\":\"+999999999")))
                .isEmpty();
        assertThat(read(json.replaceFirst("\"startedAt\":\"2026", "\"startedAt\":\"-2026")))
                .isEmpty();
        String done = new String(TaskJson.write(RUNNING.succeeded(NOW, "1")), StandardCharsets.UTF_8);
        assertThat(read(done)).isPresent();
        assertThat(read(done.replace("SUCCEEDED\",\"submittedAt", "PENDING\",\"submittedAt")))
                .isEmpty();
        assertThat(read(done.replaceFirst(",\"endedAt\":\"[^\"]*\"}$", "}"))).isEmpty();
        assertThat(read(json + "{}")).isEmpty();
        assertThat(read(json.substring(0, json.length() - 1))).isEmpty();
        assertThat(RUNNING.state()).isEqualTo(TaskState.RUNNING);
    }

    private static Optional<TaskRecord> read(String json) {
        return TaskJson.read(json.getBytes(StandardCharsets.UTF_8), 0);
    }
}
