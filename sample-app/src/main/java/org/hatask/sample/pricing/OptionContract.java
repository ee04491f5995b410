package org.hatask.sample.pricing;

/**
 * An option on a share.
 *
 * @param spot price of the share today
 * @param rate interest per year, continuously compounded; 0.03 is 3 %
 * @param dividend dividend yield per year, continuous
 * @param volatility per year; 0.2 is 20 %
 * @param maturity years from today
 */
public record OptionContract(
        String id,
        String underlying,
        Kind kind,
        Style style,
        double spot,
        double strike,
        double rate,
        double dividend,
        double volatility,
        double maturity) {

    public enum Kind {
        CALL,
        PUT
    }

    public enum Style {
        EUROPEAN,
        AMERICAN
    }

    OptionContract withVolatility(double other) {
        return new OptionContract(id, underlying, kind, style, spot, strike, rate, dividend, other, maturity);
    }

    OptionContract withRate(double other) {
        return new OptionContract(id, underlying, kind, style, spot, strike, other, dividend, volatility, maturity);
    }
}
