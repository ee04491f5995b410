package org.hatask.sample.pricing;

/**
 * The binomial lattice of Cox, Ross and Rubinstein (1979), with the dividend yield in the drift. The same contract and steps
 * give the same bits on every machine, as Java's floating point is strict and {@link StrictMath} is used.
 */
final class Lattice {

    private static final double BUMP = 0.01;

    private Lattice() {}

    /** Value at the root, and what the first two steps tell of its slopes (Hull, "Greeks from the tree"). */
    record Root(double price, double delta, double gamma, double theta) {}

    /** Values the contract: price, delta, gamma and theta from one lattice, vega and rho by bumping. */
    static Valuation value(OptionContract contract, int steps, String node) {
        Root root = root(contract, steps);
        // Divided by two, not by the bump: a change per percentage point.
        double vega = (root(contract.withVolatility(contract.volatility() + BUMP), steps).price
                        - root(contract.withVolatility(contract.volatility() - BUMP), steps).price)
                / 2;
        double rho = (root(contract.withRate(contract.rate() + BUMP), steps).price
                        - root(contract.withRate(contract.rate() - BUMP), steps).price)
                / 2;
        return new Valuation(contract.id(), root.price, root.delta, root.gamma, root.theta, vega, rho, node);
    }

    static Root root(OptionContract contract, int steps) {
        if (steps < 3) {
            throw new IllegalArgumentException("a lattice needs at least 3 steps, not " + steps);
        }
        double step = contract.maturity() / steps;
        double up = StrictMath.exp(contract.volatility() * StrictMath.sqrt(step));
        double down = 1 / up;
        double chance = (StrictMath.exp((contract.rate() - contract.dividend()) * step) - down) / (up - down);
        if (!(chance > 0 && chance < 1)) {
            throw new IllegalArgumentException("contract " + contract.id() + " cannot be valued in " + steps
                    + " steps: its volatility is too small beside its drift");
        }
        double discount = StrictMath.exp(-contract.rate() * step);
        double[] spots = spots(contract.spot(), up, steps);
        double[] values = new double[steps + 1];
        double sign = contract.kind() == OptionContract.Kind.CALL ? 1 : -1;
        double strike = contract.strike();
        for (int j = 0; j <= steps; j++) {
            values[j] = Math.max(0, sign * (spots[2 * j] - strike));
        }
        double[] second = new double[3];
        double[] first = new double[2];
        boolean early = contract.style() == OptionContract.Style.AMERICAN;
        for (int i = steps - 1; i >= 0; i--) {
            stepBack(values, i, discount * chance, discount * (1 - chance));
            if (early) {
                exercise(values, i, spots, steps - i, sign, strike);
            }
            if (i == 2) {
                System.arraycopy(values, 0, second, 0, 3);
            } else if (i == 1) {
                System.arraycopy(values, 0, first, 0, 2);
            }
        }
        double spot = contract.spot();
        double high = spot * up;
        double low = spot * down;
        double highest = high * up;
        double lowest = low * down;
        double delta = (first[1] - first[0]) / (high - low);
        double gamma = ((second[2] - second[1]) / (highest - spot) - (second[1] - second[0]) / (spot - lowest))
                / ((highest - lowest) / 2);
        double theta = (second[1] - values[0]) / (2 * step);
        return new Root(values[0], delta, gamma, theta);
    }

    /** Every price the share can take: {@code spot * up^(k - steps)} at index k. */
    private static double[] spots(double spot, double up, int steps) {
        double[] spots = new double[2 * steps + 1];
        spots[steps] = spot;
        for (int k = 1; k <= steps; k++) {
            spots[steps + k] = spots[steps + k - 1] * up;
            spots[steps - k] = spots[steps - k + 1] / up;
        }
        return spots;
    }

    private static void stepBack(double[] values, int last, double weightUp, double weightDown) {
        for (int j = 0; j <= last; j++) {
            values[j] = weightUp * values[j + 1] + weightDown * values[j];
        }
    }

    private static void exercise(
            double[] values, int last, double[] spots, int lowestSpot, double sign, double strike) {
        for (int j = 0; j <= last; j++) {
            values[j] = Math.max(values[j], sign * (spots[lowestSpot + 2 * j] - strike));
        }
    }
}
