package org.hatask.sample.pricing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.hatask.sample.pricing.OptionContract.Kind;
import org.hatask.sample.pricing.OptionContract.Style;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LatticeTest {

    private static final int STEPS = 800;

    @ParameterizedTest
    @CsvSource({
        "CALL, 100, 100, 0.03, 0.00, 0.20, 1.0",
        "PUT,  100, 100, 0.03, 0.00, 0.20, 1.0",
        "CALL, 100, 120, 0.03, 0.02, 0.35, 2.0",
        "PUT,  100,  80, 0.01, 0.04, 0.45, 0.5",
        "CALL, 250, 200, 0.02, 0.01, 0.15, 0.1",
    })
    void europeanOptionIsWorthWhatBlackAndScholesSay(
            Kind kind, double spot, double strike, double rate, double dividend, double volatility, double maturity) {
        OptionContract contract =
                new OptionContract("X", "X", kind, Style.EUROPEAN, spot, strike, rate, dividend, volatility, maturity);

        Valuation valuation = Lattice.value(contract, STEPS, "n1");

        assertThat(valuation.price()).isCloseTo(BlackScholes.price(contract), within(spot * 1e-4));
        assertThat(valuation.delta()).isCloseTo(BlackScholes.delta(contract), within(2e-3));
        assertThat(valuation.gamma()).isCloseTo(BlackScholes.gamma(contract), within(2e-4));
        assertThat(valuation.vega()).isCloseTo(BlackScholes.vega(contract), within(spot * 2e-4));
        assertThat(valuation.rho()).isCloseTo(BlackScholes.rho(contract), within(spot * 2e-4));
        assertThat(valuation.theta()).isCloseTo(BlackScholes.theta(contract), within(spot * 1e-3));
    }

    @Test
    void normalDistributionOfTheYardstickIsRight() {
        assertThat(BlackScholes.normal(1.96)).isCloseTo(0.9750021, within(1e-7));
        assertThat(BlackScholes.normal(-1)).isCloseTo(0.1586553, within(1e-7));
    }

    @Test
    void americanPutIsWorthWhatHullsBookSays() {
        // Hull, Options, Futures and Other Derivatives: S=50 K=50 r=10 % sigma=40 % T=5 months, 4.28 in the limit.
        OptionContract put = new OptionContract("X", "X", Kind.PUT, Style.AMERICAN, 50, 50, 0.10, 0, 0.40, 5 / 12.0);
        assertThat(Lattice.root(put, 5).price()).isCloseTo(4.49, within(0.005));
        assertThat(Lattice.root(put, STEPS).price()).isCloseTo(4.283, within(0.003));
    }

    @Test
    void americanCallWithoutDividendIsWorthTheEuropeanOne() {
        OptionContract american = new OptionContract("X", "X", Kind.CALL, Style.AMERICAN, 100, 90, 0.05, 0, 0.3, 1);
        OptionContract european = new OptionContract("X", "X", Kind.CALL, Style.EUROPEAN, 100, 90, 0.05, 0, 0.3, 1);
        assertThat(Lattice.root(american, STEPS).price())
                .isCloseTo(Lattice.root(european, STEPS).price(), within(1e-9));
    }

    @Test
    void americanOptionIsWorthAtLeastItsExercise() {
        OptionContract deep = new OptionContract("X", "X", Kind.PUT, Style.AMERICAN, 50, 90, 0.05, 0, 0.2, 1);
        assertThat(Lattice.root(deep, STEPS).price()).isGreaterThanOrEqualTo(40);
    }

    @Test
    void sameContractGivesTheSameBits() {
        OptionContract contract = new Contracts().all().get(0);
        assertThat(Lattice.value(contract, 200, "n1")).isEqualTo(Lattice.value(contract, 200, "n1"));
    }

    @Test
    void impossibleLatticeIsRefused() {
        OptionContract flat = new OptionContract("X", "X", Kind.PUT, Style.AMERICAN, 50, 50, 0.5, 0, 0.001, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> Lattice.root(flat, STEPS));
        OptionContract usual = new Contracts().all().get(0);
        assertThatIllegalArgumentException().isThrownBy(() -> Lattice.root(usual, 2));
    }
}
