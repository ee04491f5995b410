package org.hatask.execute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.hatask.HaTask;
import org.hatask.RemoteTaskException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON that is made to use up a node, or to have it build what it should not. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class HostileJsonTest {

    private static final int MAX_MESSAGE = 1024 * 1024;

    private final ArgumentCodec codec = new JacksonArgumentCodec(MAX_MESSAGE);

    record Leaf(String name, int count) {}

    static class Bag extends LinkedHashMap<String, Object> {
        private static final long serialVersionUID = 1L;
    }

    record Tree(List<Tree> children) {}

    static class Desk {
        @HaTask
        public void tree(Tree tree) {}

        @HaTask
        public void any(Bag values) {}

        @HaTask
        public void node(JsonNode node) {}

        @HaTask
        public void whole(BigInteger number) {}

        @HaTask
        public void decimal(BigDecimal number) {}

        @HaTask
        public void leaf(Leaf leaf) {}

        @HaTask
        public void text(String text) {}
    }

    @ParameterizedTest
    @ValueSource(strings = {"tree", "any", "node"})
    void nestingEndsWhereAStackWouldBeInDanger(String task) {
        int depth = 100_000;
        String json = task.equals("tree")
                ? "{\"children\":[".repeat(depth) + "]}".repeat(depth)
                : "{\"a\":".repeat(depth) + "1" + "}".repeat(depth);
        assertRefused(task, json, "nesting depth");

        int allowed = WireMapper.MAX_DEPTH - 1;
        if (!task.equals("tree")) {
            read(task, "{\"a\":".repeat(allowed) + "1" + "}".repeat(allowed));
        }
    }

    @Test
    void whatTheReaderWouldRefuseIsNotSent() {
        Bag nested = new Bag();
        for (int i = 0; i < WireMapper.MAX_DEPTH; i++) {
            Bag outer = new Bag();
            outer.put("a", nested);
            nested = outer;
        }
        Object[] arguments = {nested};
        assertThatExceptionOfType(CodecException.class)
                .isThrownBy(() -> codec.writeArguments(Tasks.of(Desk.class, "any"), arguments))
                .withMessageContaining("nesting depth");
    }

    @ParameterizedTest
    @ValueSource(strings = {"whole", "decimal", "any", "node", "leaf"})
    void numbersOfMillionsOfDigitsAreNotConverted(String task) {
        String digits = "9".repeat(MAX_MESSAGE);
        String json =
                switch (task) {
                    case "leaf" -> "{\"name\":\"n\",\"count\":" + digits + "}";
                    case "any", "node" -> "{\"a\":" + digits + "}";
                    default -> digits;
                };
        assertRefused(task, json, "Number value length");
    }

    @Test
    void aSmallNumberWithAHugeExponentIsNotSpelledOut() {
        assertRefused("whole", "1e1000000000", "");
        assertRefused("leaf", "{\"name\":\"n\",\"count\":1e1000000000}", "");
        assertThat(read("decimal", "1e1000000000")).containsExactly(new BigDecimal("1e1000000000"));
    }

    @Test
    void textsAndNamesHaveAnEnd() {
        assertRefused("text", "\"" + "x".repeat(MAX_MESSAGE + 1) + "\"", "String value length");
        assertRefused("any", "{\"" + "x".repeat(WireMapper.MAX_NAME_LENGTH + 1) + "\":1}", "Name length");
    }

    @Test
    void aHundredThousandPropertiesOfOneNameAreNoMoreThanTheLast() {
        StringBuilder json = new StringBuilder("{");
        for (int i = 0; i < 100_000; i++) {
            json.append("\"count\":").append(i).append(',');
        }
        json.append("\"count\":7}");

        assertThat((Bag) read("any", json.toString())[0]).containsOnly(Map.entry("count", 7));
        assertThat((JsonNode) read("node", json.toString())[0]).hasSize(1);
    }

    @Test
    void namesThatCollideAsHashesAreReadInTime() {
        // "Aa" and "BB" have the same hash, and so has every text that is put together of them.
        List<String> names = new ArrayList<>(List.of(""));
        for (int i = 0; i < 14; i++) {
            names = names.stream()
                    .flatMap(name -> List.of(name + "Aa", name + "BB").stream())
                    .toList();
        }
        StringBuilder json = new StringBuilder("{");
        names.forEach(name -> json.append('"').append(name).append("\":1,"));
        json.append("\"end\":1}");

        assertThat(((Map<?, ?>) read("any", json.toString())[0])).hasSize(names.size() + 1);
    }

    /** Set by the initializer of {@link Gadget}. */
    static volatile boolean gadgetLoaded;

    static class Gadget extends RuntimeException {
        static {
            gadgetLoaded = true;
        }

        public Gadget(String message) {
            super(message);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[\"%s\",{\"name\":\"x\"}]",
                "{\"@class\":\"%s\",\"name\":\"x\",\"count\":1}",
                "{\"@type\":\"%s\",\"name\":\"x\",\"count\":1}",
                "{\"@c\":\"%s\",\"name\":{\"@class\":\"%s\"},\"count\":1}"
            })
    void namesOfClassesInTheJsonLoadNothing(String json) {
        for (String gadget : List.of(
                Gadget.class.getName(),
                "javax.management.BadAttributeValueExpException",
                "com.sun.rowset.JdbcRowSetImpl",
                "org.springframework.context.support.ClassPathXmlApplicationContext")) {
            String attack = json.replace("%s", gadget);
            for (String task : List.of("leaf", "any", "node", "tree")) {
                try {
                    Object read = read(task, attack)[0];
                    // What was read is data: the declared type, with the names as texts at most.
                    assertThat(read).isInstanceOfAny(Leaf.class, Map.class, JsonNode.class, Tree.class);
                } catch (CodecException e) {
                    assertThat(e.getMessage()).doesNotContain(gadget);
                }
            }
        }
        assertThat(gadgetLoaded).isFalse();
    }

    @Test
    void anErrorIsNotRebuiltAsAClassThatOnlyTheWireNames() {
        byte[] json = bytes(
                "{\"types\":[\"" + Gadget.class.getName() + "\",\"java.lang.RuntimeException\"],\"message\":\"m\"}");

        Outcome.Failed failed = codec.readError(Tasks.of(Desk.class, "leaf"), json, "n2");

        assertThat(failed.error()).isInstanceOf(RemoteTaskException.class);
        assertThat(gadgetLoaded).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{}",
                "{\"types\":[]}",
                "{\"types\":null}",
                "{\"types\":[null]}",
                "{\"types\":[\"\"]}",
                "{\"types\":[\"a b\"]}",
                "{\"types\":[\"x\\nWARN all is well\"]}",
                "{\"types\":[\"x\",\"\\u001b[31m\"]}"
            })
    void anErrorWithoutProperTypeNamesIsNone(String json) {
        assertThatThrownBy(() -> codec.readError(Tasks.of(Desk.class, "leaf"), bytes(json), "n2"))
                .isInstanceOf(CodecException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"name\":\"x\",\"count\":\"s3cret\"}",
                "{\"name\":\"x\",\"count\":\"s3cret ' \\\" \\n 'y\"}",
                "{\"name\":{\"s3cret\":1},\"count\":1}",
                "\"s3cret\"",
                "s3cret",
                "{\"name\":\"x\",\"count\":99999999999999999999}"
            })
    void argumentsThatDoNotFitAreNotRepeatedInTheMessage(String json) {
        assertThatExceptionOfType(CodecException.class)
                .isThrownBy(() -> read("leaf", json))
                .satisfies(e -> assertThat(e.getMessage()).contains("leaf").doesNotContain("s3cret", "999", "\n"));
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.CLASS)
    interface ByClass {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.MINIMAL_CLASS)
    abstract static class ByMinimalClass {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Circle.class, name = "circle"),
        @JsonSubTypes.Type(Trojan.class),
        @JsonSubTypes.Type(Loader.class),
        @JsonSubTypes.Type(KeyLoader.class),
        @JsonSubTypes.Type(TypeLoader.class)
    })
    interface ByName {}

    record Circle(int radius) implements ByName {}

    /** A subtype is looked at only when it comes, so the check of the declared types does not find it. */
    @JsonTypeName("trojan")
    record Trojan(@JsonTypeInfo(use = JsonTypeInfo.Id.CLASS) Object value) implements ByName {}

    @JsonTypeName("loader")
    record Loader(ClassHolder holder) implements ByName {}

    @JsonTypeName("keys")
    record KeyLoader(Map<Class<?>, Integer> types) implements ByName {}

    @JsonTypeName("type")
    record TypeLoader(JavaType type) implements ByName {}

    record Holder(List<Map<String, ByClass>> deep) {}

    record PropertyHolder(
            @JsonTypeInfo(use = JsonTypeInfo.Id.CLASS) Object value) {}

    record ClassHolder(Class<?> type) {}

    record ClassKeyHolder(List<Map<Class<?>, String>> names) {}

    record TypeHolder(JavaType type) {}

    record TypeKeyHolder(Map<JavaType, String> names) {}

    record Nested(Map<String, List<ClassKeyHolder>> deep) {}

    static class TakesByClass {
        @HaTask
        public void task(ByClass value) {}
    }

    static class TakesByMinimalClass {
        @HaTask
        public void task(ByMinimalClass value) {}
    }

    static class TakesItDeepInside {
        @HaTask
        public void task(List<Holder> value) {}
    }

    static class TakesItAsProperty {
        @HaTask
        public void task(PropertyHolder value) {}
    }

    static class ReturnsIt {
        @HaTask
        public Holder task() {
            return new Holder(List.of());
        }
    }

    static class TakesClasses {
        @HaTask
        public void task(ClassHolder value) {}
    }

    static class TakesClassesAsKeys {
        @HaTask
        public void task(ClassKeyHolder value) {}
    }

    static class TakesClassesAsKeysDeepInside {
        @HaTask
        public void task(Nested value) {}
    }

    static class TakesTypes {
        @HaTask
        public void task(TypeHolder value) {}
    }

    static class ReturnsTypesAsKeys {
        @HaTask
        public TypeKeyHolder task() {
            return new TypeKeyHolder(Map.of());
        }
    }

    static class TakesByName {
        @HaTask
        public void task(ByName value) {}
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                TakesByClass.class,
                TakesByMinimalClass.class,
                TakesItDeepInside.class,
                TakesItAsProperty.class,
                ReturnsIt.class
            })
    void aTaskWhoseJsonWouldNameClassesEndsTheStart(Class<?> bean) {
        assertThatExceptionOfType(InvalidTaskException.class)
                .isThrownBy(() -> Tasks.of(bean, "task"))
                .satisfies(
                        e -> assertThat(e.problem()).contains("@JsonTypeInfo").contains("Id.NAME"));
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                TakesClasses.class,
                TakesClassesAsKeys.class,
                TakesClassesAsKeysDeepInside.class,
                TakesTypes.class,
                ReturnsTypesAsKeys.class
            })
    void aTaskThatWouldReadClassesEndsTheStart(Class<?> bean) {
        assertThatExceptionOfType(InvalidTaskException.class)
                .isThrownBy(() -> Tasks.of(bean, "task"))
                .satisfies(e -> assertThat(e.problem()).containsAnyOf("java.lang.Class", JavaType.class.getName()));
    }

    @Test
    void aSubtypeWhoseJsonWouldNameClassesIsRefusedWhenItComes() {
        TaskDefinition task = Tasks.of(TakesByName.class, "task");
        for (String attack : List.of(
                "{\"@type\":\"trojan\",\"value\":{\"@class\":\"%s\",\"message\":\"m\"}}",
                "{\"@type\":\"loader\",\"holder\":{\"type\":\"%s\"}}",
                "{\"@type\":\"keys\",\"types\":{\"%s\":1}}",
                "{\"@type\":\"type\",\"type\":\"%s\"}")) {
            assertThatExceptionOfType(CodecException.class)
                    .isThrownBy(() ->
                            codec.readArguments(task, bytes("[" + attack.replace("%s", Gadget.class.getName()) + "]")));
        }
        assertThat(gadgetLoaded).isFalse();
    }

    @Test
    void subtypesByANameOfTheirOwnAreFine() {
        TaskDefinition task = Tasks.of(TakesByName.class, "task");
        byte[] json = codec.writeArguments(task, new Object[] {new Circle(3)});

        assertThat(codec.readArguments(task, json)).containsExactly(new Circle(3));
        assertThatExceptionOfType(CodecException.class)
                .isThrownBy(() -> codec.readArguments(task, bytes("[{\"@type\":\"" + Gadget.class.getName() + "\"}]")));
        assertThat(gadgetLoaded).isFalse();
    }

    private Object[] read(String task, String json) {
        return codec.readArguments(Tasks.of(Desk.class, task), bytes("[" + json + "]"));
    }

    private void assertRefused(String task, String json, String reason) {
        assertThatExceptionOfType(CodecException.class)
                .isThrownBy(() -> read(task, json))
                .withMessageContaining(reason)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(500));
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
