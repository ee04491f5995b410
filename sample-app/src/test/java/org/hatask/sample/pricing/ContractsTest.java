package org.hatask.sample.pricing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.BufferedReader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ContractsTest {

    private final Contracts contracts = new Contracts();

    @Test
    void fileIsWhatTheGeneratorMakes() throws Exception {
        try (var file = Contracts.class.getResourceAsStream("/contracts.csv")) {
            assertThat(new String(file.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(ContractGenerator.csv());
        }
    }

    @Test
    void fileHoldsThreeThousandContractsOfAllSorts() {
        assertThat(contracts.all()).hasSize(3000);
        assertThat(contracts.all()).extracting(OptionContract::style).contains(OptionContract.Style.values());
        assertThat(contracts.all()).extracting(OptionContract::kind).contains(OptionContract.Kind.values());
        Set<String> shares =
                contracts.all().stream().map(OptionContract::underlying).collect(Collectors.toSet());
        assertThat(shares).hasSize(30);
    }

    @Test
    void everyContractCanBeValued() {
        for (OptionContract contract : contracts.all()) {
            Valuation valuation = Lattice.value(contract, 50, "n1");
            assertThat(valuation.price()).as(contract.id()).isGreaterThanOrEqualTo(0);
            assertThat(valuation.vega()).as(contract.id()).isFinite();
        }
    }

    @Test
    void contractIsFoundByItsId() {
        assertThat(contracts.find("OPT-0001")).map(OptionContract::id).hasValue("OPT-0001");
        assertThat(contracts.find("OPT-9999")).isEmpty();
    }

    @Test
    void brokenLineIsNamed() {
        String text = Contracts.HEADER + "\nOPT-1,X,CALL,EUROPEAN,1,1,0,0,0.2,1\nOPT-2,X,CALL,ASIAN,1,1,0,0,0.2,1\n";
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Contracts.read(new BufferedReader(new StringReader(text))))
                .withMessageContaining("line 3");
    }
}
