package org.hatask.execute;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.PolymorphicTypeValidator;
import com.fasterxml.jackson.databind.module.SimpleDeserializers;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.lang.reflect.Type;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The mapper for what comes over the wire, which no application customizes by accident: no default typing, and no class is ever
 * chosen by a name in the JSON. Unknown properties are ignored so that two versions of an application understand each other; all Jackson
 * modules of the class path are registered. Its limits are its own, whatever the process sets for all of Jackson.
 */
final class WireMapper {

    /** Objects and arrays within each other; beyond, reading them could use up a thread's stack. */
    static final int MAX_DEPTH = 500;

    /** Characters of a number, whose conversion costs more than in proportion to them. */
    static final int MAX_NUMBER_LENGTH = 1000;

    /** Characters of a property's name. */
    static final int MAX_NAME_LENGTH = 50_000;

    private WireMapper() {}

    /**
     * @param maxStringLength characters of a text
     */
    static JsonMapper create(int maxStringLength) {
        return create(maxStringLength, problem -> {});
    }

    /** Why values of the type are never built from JSON, as the end of a sentence; empty when nothing is against it. */
    static Optional<String> problem(Type type) {
        AtomicReference<String> found = new AtomicReference<>();
        JsonMapper mapper = create(MAX_NAME_LENGTH, problem -> found.compareAndSet(null, problem));
        // Looks at everything that the type is declared to hold.
        mapper.readerFor(mapper.constructType(type));
        return Optional.ofNullable(found.get());
    }

    private static JsonMapper create(int maxStringLength, Consumer<String> refused) {
        JsonFactory factory = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .maxNumberLength(MAX_NUMBER_LENGTH)
                        .maxNameLength(MAX_NAME_LENGTH)
                        .maxStringLength(maxStringLength)
                        .build())
                .streamWriteConstraints(StreamWriteConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .build())
                .build();
        return JsonMapper.builder(factory)
                .findAndAddModules()
                .addModule(new NoClasses(refused))
                .polymorphicTypeValidator(new NoClassNames(refused))
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .disable(DeserializationFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
                .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
                .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
                .build();
    }

    /** A class that is told by its name in the JSON is whatever the sender likes. */
    private static final class NoClassNames extends PolymorphicTypeValidator.Base {

        private static final long serialVersionUID = 1L;

        private final transient Consumer<String> refused;

        NoClassNames(Consumer<String> refused) {
            this.refused = refused;
        }

        @Override
        public Validity validateBaseType(MapperConfig<?> config, JavaType baseType) {
            refused.accept("holds " + baseType.getRawClass().getName()
                    + ", whose JSON tells the class to build (@JsonTypeInfo with a class name); use Id.NAME with"
                    + " @JsonSubTypes there");
            return Validity.DENIED;
        }
    }

    /** Not even to be looked at: to read a {@code Class} is to load, and initialize, what the sender names. */
    private static final class NoClasses extends SimpleModule {

        private static final long serialVersionUID = 1L;

        private final transient Consumer<String> refused;

        NoClasses(Consumer<String> refused) {
            super("org.hatask.no-classes");
            this.refused = refused;
            setDeserializers(new NoClassDeserializers(refused));
        }

        @Override
        public void setupModule(SetupContext context) {
            super.setupModule(context);
            context.addKeyDeserializers((type, config, description) -> {
                refuse(type, refused);
                return null;
            });
        }

        /** Jackson's own {@link JavaType} is read by loading what it names, like a class. */
        static void refuse(JavaType type, Consumer<String> refused) throws JsonMappingException {
            if (type.hasRawClass(Class.class) || type.isTypeOrSubTypeOf(JavaType.class)) {
                refused.accept("holds a " + type.getRawClass().getName());
                throw JsonMappingException.from((JsonParser) null, "classes are not read");
            }
        }
    }

    private static final class NoClassDeserializers extends SimpleDeserializers {

        private static final long serialVersionUID = 1L;

        private final transient Consumer<String> refused;

        NoClassDeserializers(Consumer<String> refused) {
            this.refused = refused;
        }

        @Override
        public @Nullable JsonDeserializer<?> findBeanDeserializer(
                JavaType type, DeserializationConfig config, BeanDescription description) throws JsonMappingException {
            NoClasses.refuse(type, refused);
            return super.findBeanDeserializer(type, config, description);
        }
    }
}
