package org.hatask.execute;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.hatask.RemoteTaskException;
import org.jspecify.annotations.Nullable;

/** JSON by a mapper of its own, see {@link WireMapper}: values are built as the declared types and as nothing else. */
public final class JacksonArgumentCodec implements ArgumentCodec {

    private static final int MAX_MESSAGE_LENGTH = 8192;

    /** From the first quote to the last, as a value may hold quotes itself. */
    private static final Pattern QUOTED = Pattern.compile("[\"'].*[\"']|[\"'].*$");

    /** Of a class, in whatever language it was written. */
    private static final Pattern TYPE_NAME = Pattern.compile("[\\p{L}\\p{N}_$.\\-/]{1,1024}");

    private static final TypeReference<WireError> WIRE_ERROR = new TypeReference<>() {};

    private final JsonMapper mapper;
    private final Map<String, Shapes> shapes = new ConcurrentHashMap<>();

    /** Readers and writers of one task, made once. */
    private record Shapes(
            List<ObjectWriter> argumentWriters,
            List<ObjectReader> argumentReaders,
            ObjectWriter resultWriter,
            ObjectReader resultReader) {}

    private record WireError(List<String> types, @Nullable String message) {}

    /**
     * @param maxMessageSize bytes of the largest message, so that no text can be longer
     */
    public JacksonArgumentCodec(int maxMessageSize) {
        this.mapper = WireMapper.create(maxMessageSize);
    }

    @Override
    public byte[] writeArguments(TaskDefinition task, @Nullable Object[] arguments) {
        List<ObjectWriter> writers = shapes(task).argumentWriters();
        ByteArrayBuilder bytes = new ByteArrayBuilder(256);
        try (JsonGenerator generator = mapper.createGenerator(bytes)) {
            generator.writeStartArray();
            for (int i = 0; i < arguments.length; i++) {
                writers.get(i).writeValue(generator, arguments[i]);
            }
            generator.writeEndArray();
        } catch (IOException e) {
            throw new CodecException("The arguments of task " + task + " cannot be written as JSON: " + brief(e), e);
        }
        return bytes.toByteArray();
    }

    @Override
    public @Nullable Object[] readArguments(TaskDefinition task, byte[] json) {
        List<ObjectReader> readers = shapes(task).argumentReaders();
        @Nullable Object[] arguments = new @Nullable Object[readers.size()];
        try (JsonParser parser = mapper.createParser(json)) {
            expect(task, parser, JsonToken.START_ARRAY);
            for (int i = 0; i < arguments.length; i++) {
                if (parser.nextToken() == JsonToken.END_ARRAY) {
                    throw MismatchedInputException.from(
                            parser, Object.class, i + " arguments instead of " + arguments.length);
                }
                arguments[i] = readers.get(i).readValue(parser);
            }
            expect(task, parser, JsonToken.END_ARRAY);
            return arguments;
        } catch (IOException | RuntimeException e) {
            throw new CodecException("The arguments of task " + task + " do not fit its parameters: " + brief(e), e);
        }
    }

    private static void expect(TaskDefinition task, JsonParser parser, JsonToken expected) throws IOException {
        if (parser.nextToken() != expected) {
            throw MismatchedInputException.from(
                    parser,
                    Object.class,
                    "expected an array of " + task.parameterTypes().size() + " arguments");
        }
    }

    @Override
    public byte[] writeResult(TaskDefinition task, @Nullable Object result) {
        try {
            return isVoid(task) ? new byte[0] : shapes(task).resultWriter().writeValueAsBytes(result);
        } catch (IOException e) {
            throw new CodecException("The result of task " + task + " cannot be written as JSON: " + brief(e), e);
        }
    }

    @Override
    public @Nullable Object readResult(TaskDefinition task, byte[] json) {
        if (json.length == 0 || isVoid(task)) {
            return null;
        }
        try {
            return shapes(task).resultReader().readValue(json);
        } catch (IOException | RuntimeException e) {
            throw new CodecException("The result of task " + task + " does not fit its type: " + brief(e), e);
        }
    }

    @Override
    public byte[] writeCheckpoint(TaskDefinition task, Object value) {
        try {
            return mapper.writeValueAsBytes(value);
        } catch (IOException e) {
            throw new CodecException("The checkpoint of task " + task + " cannot be written as JSON: " + brief(e), e);
        }
    }

    @Override
    public <T> T readCheckpoint(TaskDefinition task, byte[] json, Class<T> type) {
        try {
            return mapper.readValue(json, type);
        } catch (IOException | RuntimeException e) {
            throw new CodecException(
                    "The checkpoint of task " + task + " does not fit " + type.getName() + ": " + brief(e), e);
        }
    }

    @Override
    public byte[] writeError(Outcome.Failed failure) {
        String message = failure.error().getMessage();
        if (message != null && message.length() > MAX_MESSAGE_LENGTH) {
            message = message.substring(0, MAX_MESSAGE_LENGTH) + "…";
        }
        try {
            return mapper.writeValueAsBytes(new WireError(failure.typeNames(), message));
        } catch (IOException e) {
            throw new IllegalStateException("Strings can always be written as JSON", e);
        }
    }

    @Override
    public Outcome.Failed readError(TaskDefinition task, byte[] json, String nodeId) {
        WireError wire;
        try {
            wire = mapper.readValue(json, WIRE_ERROR);
            if (wire == null || !areTypeNames(wire.types())) {
                throw MismatchedInputException.from(null, WireError.class, "no type");
            }
        } catch (IOException e) {
            throw new CodecException("The error of task " + task + " from node " + nodeId + " cannot be read", e);
        }
        RemoteTaskException remote = new RemoteTaskException(
                "Task " + task + " failed on node " + nodeId + " with "
                        + wire.types().get(0) + (wire.message() == null ? "" : ": " + wire.message()),
                nodeId,
                wire.types());
        Class<? extends Throwable> type = task.errorTypes().get(wire.types().get(0));
        Throwable error =
                type == null ? remote : rebuild(type, wire.message(), remote).orElse(remote);
        return new Outcome.Failed(error, wire.types());
    }

    /** Through the type's own constructors; an exception class that cannot be made from a message stays remote. */
    private static Optional<Throwable> rebuild(
            Class<? extends Throwable> type, @Nullable String message, RemoteTaskException remote) {
        try {
            Throwable error = construct(type, message);
            if (error != null && error.getCause() == null) {
                error.initCause(remote);
            }
            return Optional.ofNullable(error);
        } catch (ReflectiveOperationException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static @Nullable Throwable construct(Class<? extends Throwable> type, @Nullable String message)
            throws ReflectiveOperationException {
        for (Constructor<?> constructor : type.getConstructors()) {
            if (Arrays.equals(constructor.getParameterTypes(), new Class<?>[] {String.class})) {
                return (Throwable) constructor.newInstance(message);
            }
        }
        for (Constructor<?> constructor : type.getConstructors()) {
            if (Arrays.equals(constructor.getParameterTypes(), new Class<?>[] {String.class, Throwable.class})) {
                return (Throwable) constructor.newInstance(message, null);
            }
        }
        return null;
    }

    private static boolean isVoid(TaskDefinition task) {
        return task.resultType() == void.class || task.resultType() == Void.class;
    }

    @SuppressWarnings("ConstantValue") // Jackson fills in null, whatever the annotation says.
    private static boolean areTypeNames(@Nullable List<String> names) {
        return names != null
                && !names.isEmpty()
                && names.stream()
                        .allMatch(
                                name -> name != null && TYPE_NAME.matcher(name).matches());
    }

    /** The first line of Jackson's message without what is quoted there: never an argument's value or the source document. */
    private static String brief(Exception error) {
        if (error instanceof InputCoercionException || error.getCause() instanceof InputCoercionException) {
            return "a number is out of range";
        }
        String message = error instanceof com.fasterxml.jackson.core.JsonProcessingException json
                ? json.getOriginalMessage()
                : error.getMessage();
        String line = String.valueOf(message).lines().findFirst().orElse("");
        return QUOTED.matcher(line).replaceAll("…");
    }

    private Shapes shapes(TaskDefinition task) {
        Shapes known = shapes.get(task.name());
        return known != null ? known : shapes.computeIfAbsent(task.name(), name -> makeShapes(task));
    }

    private Shapes makeShapes(TaskDefinition task) {
        List<ObjectWriter> writers = new ArrayList<>();
        List<ObjectReader> readers = new ArrayList<>();
        for (java.lang.reflect.Type parameter : task.parameterTypes()) {
            JavaType type = mapper.constructType(parameter);
            writers.add(mapper.writerFor(type).without(SerializationFeature.FLUSH_AFTER_WRITE_VALUE));
            readers.add(mapper.readerFor(type));
        }
        JavaType result = mapper.constructType(task.resultType());
        return new Shapes(
                List.copyOf(writers), List.copyOf(readers), mapper.writerFor(result), mapper.readerFor(result));
    }
}
