package org.hatask.sample.pricing;

/** The closed form for European options, to hold the lattice against. */
final class BlackScholes {

    private BlackScholes() {}

    static double price(OptionContract c) {
        double total = c.volatility() * Math.sqrt(c.maturity());
        double d1 = d1(c);
        double sign = sign(c);
        return sign
                * (c.spot() * Math.exp(-c.dividend() * c.maturity()) * normal(sign * d1)
                        - c.strike() * Math.exp(-c.rate() * c.maturity()) * normal(sign * (d1 - total)));
    }

    static double delta(OptionContract c) {
        return sign(c) * Math.exp(-c.dividend() * c.maturity()) * normal(sign(c) * d1(c));
    }

    static double gamma(OptionContract c) {
        return Math.exp(-c.dividend() * c.maturity())
                * density(d1(c))
                / (c.spot() * c.volatility() * Math.sqrt(c.maturity()));
    }

    /** Per percentage point. */
    static double vega(OptionContract c) {
        return c.spot() * Math.exp(-c.dividend() * c.maturity()) * density(d1(c)) * Math.sqrt(c.maturity()) / 100;
    }

    /** Per percentage point. */
    static double rho(OptionContract c) {
        double d2 = d1(c) - c.volatility() * Math.sqrt(c.maturity());
        return sign(c) * c.strike() * c.maturity() * Math.exp(-c.rate() * c.maturity()) * normal(sign(c) * d2) / 100;
    }

    /** Per year. */
    static double theta(OptionContract c) {
        double d1 = d1(c);
        double d2 = d1 - c.volatility() * Math.sqrt(c.maturity());
        double spot = c.spot() * Math.exp(-c.dividend() * c.maturity());
        return -spot * density(d1) * c.volatility() / (2 * Math.sqrt(c.maturity()))
                - sign(c) * c.rate() * c.strike() * Math.exp(-c.rate() * c.maturity()) * normal(sign(c) * d2)
                + sign(c) * c.dividend() * spot * normal(sign(c) * d1);
    }

    private static double sign(OptionContract c) {
        return c.kind() == OptionContract.Kind.CALL ? 1 : -1;
    }

    private static double d1(OptionContract c) {
        return (Math.log(c.spot() / c.strike())
                        + (c.rate() - c.dividend() + c.volatility() * c.volatility() / 2) * c.maturity())
                / (c.volatility() * Math.sqrt(c.maturity()));
    }

    private static double density(double x) {
        return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    /** By Simpson's rule from the middle: slow and exact enough. */
    static double normal(double x) {
        int parts = 2000;
        double width = x / parts;
        double sum = density(0) + density(x);
        for (int i = 1; i < parts; i++) {
            sum += (i % 2 == 0 ? 2 : 4) * density(i * width);
        }
        return 0.5 + sum * width / 3;
    }
}
