package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.StringReader;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.hatask.Documentation.Sample;
import org.hatask.autoconfigure.HaProperties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.env.PropertiesPropertySourceLoader;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabase;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseBuilder;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseType;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Whoever copies a sample of the documentation gets what works. Those in Java are {@link JavaSamplesTest}'s. */
class SamplesTest {

    private static final Path ROOT = Documentation.ROOT;
    private static final Pattern ASSIGNMENT = Pattern.compile("(?<![\\w.-])(ha\\.[a-z][a-z.-]*)=");
    private static final Pattern VARIABLE = Pattern.compile("\\b((?:HA|SERVER|MANAGEMENT|SPRING)_[A-Z_]+)\\b");
    private static final Pattern ACTION = Pattern.compile("\"action\": \"(\\w+)\"");

    /** What an operator has in his environment. */
    private static final Map<String, Object> SECRETS = Map.of(
            "HA_KEY",
            Base64.getEncoder().encodeToString(new SecureRandom().generateSeed(32)),
            "ZK_AUTH",
            "desk:secret");

    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<String> mistakes = new ArrayList<>();
    private Map<String, Boolean> known;

    /** Of all libraries here; whether they are maps. */
    @BeforeEach
    void readMetadata() throws IOException {
        known = new TreeMap<>();
        for (URL file : Collections.list(
                getClass().getClassLoader().getResources("META-INF/spring-configuration-metadata.json"))) {
            for (JsonNode property : JSON.readTree(file.openStream()).path("properties")) {
                known.put(
                        property.path("name").asText(),
                        property.path("type").asText().startsWith("java.util.Map"));
            }
        }
    }

    @Test
    void everyConfigurationIsOneOfPropertiesThatExistWithValuesThatBind() throws IOException {
        List<Sample> samples = Documentation.samples("yaml", "properties");
        for (Sample sample : samples) {
            if (!sample.text().startsWith("apiVersion:")) {
                check(sample);
            }
        }

        assertThat(samples).hasSizeGreaterThan(10);
        assertThat(mistakes).isEmpty();
    }

    private void check(Sample sample) throws IOException {
        ByteArrayResource text = new ByteArrayResource(sample.text().getBytes(StandardCharsets.UTF_8));
        StandardEnvironment environment = new StandardEnvironment();
        environment.getPropertySources().addFirst(new MapPropertySource("secrets", SECRETS));
        for (PropertySource<?> source : sample.language().equals("yaml")
                ? new YamlPropertySourceLoader().load("sample", text)
                : new PropertiesPropertySourceLoader().load("sample", text)) {
            environment.getPropertySources().addFirst(source);
            for (String name : ((EnumerablePropertySource<?>) source).getPropertyNames()) {
                if (!isKnown(name)) {
                    mistakes.add(sample + ": there is no property " + name);
                }
            }
        }
        try {
            Binder.get(environment, new NoUnboundElementsBindHandler(BindHandler.DEFAULT))
                    .bindOrCreate("ha", HaProperties.class);
        } catch (RuntimeException e) {
            mistakes.add(sample + ": " + e.getMessage() + ", "
                    + NestedExceptionUtils.getMostSpecificCause(e).getMessage());
        }
    }

    private boolean isKnown(String name) {
        return known.containsKey(name)
                || known.entrySet().stream()
                        .anyMatch(property -> property.getValue()
                                && (name.startsWith(property.getKey() + ".")
                                        || name.startsWith(property.getKey() + "[")));
    }

    @Test
    void everyPropertyThatTheTextSetsExists() throws IOException {
        int properties = 0;
        for (Path page : Documentation.pages()) {
            String text = Files.readString(page);
            for (String name : all(ASSIGNMENT, text)) {
                properties++;
                if (!isKnown(name)) {
                    mistakes.add(ROOT.relativize(page) + ": there is no property " + name);
                }
            }
        }

        assertThat(properties).isGreaterThan(20);
        assertThat(mistakes).isEmpty();
    }

    @Test
    void everyVariableOfADeploymentIsThatOfAPropertyThatExists() throws IOException {
        Set<String> variables = known.keySet().stream()
                .map(name -> name.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT))
                .collect(Collectors.toSet());
        variables.addAll(SECRETS.keySet());
        int found = 0;
        for (Sample sample : Documentation.samples("yaml")) {
            for (String variable : all(VARIABLE, sample.text())) {
                found++;
                if (!variables.contains(variable)) {
                    mistakes.add(sample + ": there is no property of " + variable);
                }
            }
        }

        assertThat(found).isGreaterThan(4);
        assertThat(mistakes).isEmpty();
    }

    @Test
    void everyStatementIsUnderstoodByADatabaseWithOurTables() throws IOException {
        List<Sample> samples = Documentation.samples("sql");
        EmbeddedDatabase database = new EmbeddedDatabaseBuilder()
                .setType(EmbeddedDatabaseType.H2)
                .generateUniqueName(true)
                .build();
        try {
            new ResourceDatabasePopulator(
                            new ClassPathResource("org/hatask/fence/schema-h2.sql"),
                            new ClassPathResource("org/hatask/durable/jdbc/schema-h2.sql"))
                    .execute(database);
            NamedParameterJdbcTemplate jdbc = new NamedParameterJdbcTemplate(database);
            jdbc.getJdbcTemplate().execute("CREATE ROLE app");
            for (Sample sample : samples) {
                try {
                    jdbc.update(sample.text(), Map.of("name", "desk", "epoch", 7L));
                } catch (RuntimeException e) {
                    mistakes.add(sample + ": " + e.getMessage());
                }
            }
        } finally {
            database.shutdown();
        }

        assertThat(samples).isNotEmpty();
        assertThat(mistakes).isEmpty();
    }

    @Test
    void everyDocumentIsWellFormedAndOurArtifactsInItExist() throws Exception {
        Element parent = xml(Files.readString(ROOT.resolve("pom.xml")));
        String version = child(parent, "version");
        List<Sample> samples = Documentation.samples("xml");
        for (Sample sample : samples) {
            NodeList dependencies =
                    xml("<sample>" + sample.text() + "</sample>").getElementsByTagName("dependency");
            for (int i = 0; i < dependencies.getLength(); i++) {
                Element dependency = (Element) dependencies.item(i);
                if (child(dependency, "groupId").equals("org.hatask")
                        && (!child(dependency, "version").equals(version)
                                || !Files.exists(ROOT.resolve(child(dependency, "artifactId") + "/pom.xml")))) {
                    mistakes.add(sample + ": there is no " + child(dependency, "artifactId") + " of this version");
                }
            }
        }
        for (Sample sample : Documentation.samples("json")) {
            JSON.readTree(sample.text());
        }

        assertThat(samples).isNotEmpty();
        assertThat(mistakes).isEmpty();
    }

    private static Element xml(String text) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(text)))
                .getDocumentElement();
    }

    private static String child(Element element, String name) {
        for (org.w3c.dom.Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child.getNodeName().equals(name)) {
                return child.getTextContent();
            }
        }
        return "";
    }

    @Test
    void everyCommandIsOneOfAToolThatIsThereWithOptionsThatItKnows() throws IOException {
        int commands = 0;
        for (Sample sample : Documentation.samples("bash")) {
            for (String line : sample.text().replaceAll("\\\\\n *", "").split("\n")) {
                commands++;
                String problem = problem(line.replaceFirst("\\s#.*", "").strip());
                if (problem != null) {
                    mistakes.add(sample + ": " + line.strip() + ": " + problem);
                }
            }
        }

        assertThat(commands).isGreaterThan(20);
        assertThat(mistakes).isEmpty();
    }

    private String problem(String command) throws IOException {
        String[] words = command.split("\\s+");
        return switch (words[0]) {
            case "mvn" -> problemOfMaven(words);
            case "curl" -> problemOfCurl(command);
            case "java" ->
                Stream.of(words)
                        .filter(word -> word.startsWith("--"))
                        .map(word -> word.substring(2).replaceFirst("=.*", ""))
                        .filter(name -> !isKnown(name))
                        .findFirst()
                        .map(name -> "there is no property " + name)
                        .orElse(null);
            default -> problemOfOurs(words);
        };
    }

    private static String problemOfMaven(String[] words) throws IOException {
        for (int i = 1; i < words.length; i++) {
            String word = words[i];
            if (word.equals("-pl") && !Files.exists(ROOT.resolve(words[i + 1] + "/pom.xml"))) {
                return "there is no module " + words[i + 1];
            }
            if (word.matches("-D(it\\.)?test=.*") && !word.endsWith("=NoSuch")) {
                String test = word.replaceFirst(".*=", "");
                if (!Documentation.tests().contains(test)) {
                    return "there is no test " + test;
                }
            }
        }
        return null;
    }

    private static String problemOfCurl(String command) throws IOException {
        int data = command.indexOf("-d '");
        if (data < 0) {
            return null;
        }
        String json = command.substring(data + 4, command.lastIndexOf('\''));
        JSON.readTree(json);
        String sources = sources(
                "ha-spring-boot-autoconfigure/src/main/java/org/hatask/cluster",
                "ha-spring-boot-autoconfigure/src/main/java/org/hatask/actuate");
        for (String action : all(ACTION, json)) {
            if (!Pattern.compile("\\b" + action + "\\b", Pattern.CASE_INSENSITIVE)
                    .matcher(sources)
                    .find()) {
                return "there is no action " + action;
            }
        }
        return null;
    }

    /** Scripts, whose options and subcommands stand in the sources of their module. */
    private static String problemOfOurs(String[] words) throws IOException {
        Path script = ROOT.resolve(words[0]);
        if (!Files.isExecutable(script)) {
            return "there is no such tool";
        }
        String sources = sources(ROOT.relativize(script.getParent()) + "/src/main/java");
        for (String word : List.of(words).subList(1, words.length)) {
            for (String name : word.replaceFirst("^--", "").split("[=,]")) {
                Pattern constant =
                        Pattern.compile("\\b" + name.replace('-', '_').toUpperCase(Locale.ROOT) + "\\b");
                if (!name.matches("[0-9]+")
                        && !sources.contains('"' + name + '"')
                        && !constant.matcher(sources).find()) {
                    return "it does not know " + name;
                }
            }
        }
        return null;
    }

    private static String sources(String... directories) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String directory : directories) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(directory))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    text.append(Files.readString(file));
                }
            }
        }
        return text.toString();
    }

    private static Set<String> all(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult result) -> result.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
