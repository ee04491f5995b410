package org.hatask.sample.pricing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;

/** Makes {@code contracts.csv}, the same on every machine: {@link Random} is specified to the bit. */
final class ContractGenerator {

    private static final int CONTRACTS = 3000;
    private static final String[] UNDERLYINGS = {
        "ALV", "BAYN", "BMW", "CBK", "CON", "DBK", "DHL", "DTE", "EOAN", "FME", "HEI", "HEN", "IFX", "LIN", "MBG",
        "MRK", "MTX", "MUV", "PAH", "QIA", "RWE", "SAP", "SHL", "SIE", "SRT", "SY", "VNA", "VOW", "ZAL", "AIR"
    };

    private ContractGenerator() {}

    public static void main(String[] args) throws IOException {
        Files.writeString(Path.of(args[0]), csv());
    }

    static String csv() {
        Random random = new Random(20260101);
        double[] spots = new double[UNDERLYINGS.length];
        double[] volatilities = new double[UNDERLYINGS.length];
        double[] dividends = new double[UNDERLYINGS.length];
        for (int i = 0; i < UNDERLYINGS.length; i++) {
            spots[i] = 20 + 230 * random.nextDouble();
            volatilities[i] = 0.15 + 0.35 * random.nextDouble();
            dividends[i] = random.nextInt(3) == 0 ? 0 : 0.05 * random.nextDouble();
        }
        StringBuilder csv = new StringBuilder(Contracts.HEADER).append('\n');
        for (int n = 1; n <= CONTRACTS; n++) {
            int share = random.nextInt(UNDERLYINGS.length);
            double maturity = random.nextInt(7, 731) / 365.0;
            double moneyness = Math.max(0.6, Math.min(1.5, 1 + 0.18 * random.nextGaussian()));
            double strike = Math.max(1, Math.round(spots[share] * moneyness));
            double rate = 0.02 + 0.005 * maturity;
            // A smile: what is far from the money is bought for its insurance.
            double smile = volatilities[share] + 0.25 * (moneyness - 1) * (moneyness - 1);
            csv.append(String.format(
                    Locale.ROOT,
                    "OPT-%04d,%s,%s,%s,%.2f,%.2f,%.4f,%.4f,%.4f,%.4f%n",
                    n,
                    UNDERLYINGS[share],
                    random.nextBoolean() ? "CALL" : "PUT",
                    random.nextInt(4) == 0 ? "EUROPEAN" : "AMERICAN",
                    spots[share],
                    strike,
                    rate,
                    dividends[share],
                    smile,
                    maturity));
        }
        return csv.toString().replace("\r\n", "\n");
    }
}
