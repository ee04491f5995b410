package org.hatask.sample.pricing;

/**
 * What a contract is worth and how that changes.
 *
 * @param theta change per year that passes
 * @param vega change per percentage point of volatility
 * @param rho change per percentage point of interest
 * @param node the node that computed it
 */
public record Valuation(
        String contract,
        double price,
        double delta,
        double gamma,
        double theta,
        double vega,
        double rho,
        String node) {}
