package org.hatask.sample.pricing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** The contracts the desk trades, from {@code contracts.csv}. Immutable. */
@Component
public class Contracts {

    static final String HEADER = "id,underlying,kind,style,spot,strike,rate,dividend,volatility,maturity";

    private final Map<String, OptionContract> byId;

    public Contracts() {
        Map<String, OptionContract> read = new LinkedHashMap<>();
        for (OptionContract contract : readResource()) {
            if (read.put(contract.id(), contract) != null) {
                throw new IllegalStateException("contracts.csv names contract " + contract.id() + " twice");
            }
        }
        this.byId = read;
    }

    public Optional<OptionContract> find(String id) {
        return Optional.ofNullable(byId.get(id));
    }

    /** All contracts in the order of the file. */
    public List<OptionContract> all() {
        return List.copyOf(byId.values());
    }

    private static List<OptionContract> readResource() {
        try (InputStream file = Contracts.class.getResourceAsStream("/contracts.csv")) {
            if (file == null) {
                throw new IllegalStateException("contracts.csv is missing on the class path");
            }
            return read(new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<OptionContract> read(BufferedReader lines) throws IOException {
        String header = lines.readLine();
        if (!HEADER.equals(header)) {
            throw new IllegalArgumentException("line 1: expected the header " + HEADER + " but found " + header);
        }
        List<OptionContract> contracts = new ArrayList<>();
        int number = 1;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            number++;
            try {
                contracts.add(parse(line));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
            }
        }
        return contracts;
    }

    private static OptionContract parse(String line) {
        String[] field = line.split(",", -1);
        if (field.length != 10) {
            throw new IllegalArgumentException("expected 10 fields but found " + field.length);
        }
        return new OptionContract(
                field[0],
                field[1],
                OptionContract.Kind.valueOf(field[2]),
                OptionContract.Style.valueOf(field[3]),
                Double.parseDouble(field[4]),
                Double.parseDouble(field[5]),
                Double.parseDouble(field[6]),
                Double.parseDouble(field[7]),
                Double.parseDouble(field[8]),
                Double.parseDouble(field[9]));
    }
}
