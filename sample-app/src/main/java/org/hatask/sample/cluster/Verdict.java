package org.hatask.sample.cluster;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** A list of promises, each kept or broken. */
final class Verdict {

    private record Check(boolean kept, String promise, String detail) {}

    private final List<Check> checks = new ArrayList<>();

    void check(boolean kept, String promise, String detail) {
        checks.add(new Check(kept, promise, detail));
    }

    boolean allKept() {
        return !checks.isEmpty() && checks.stream().allMatch(Check::kept);
    }

    List<String> broken() {
        return checks.stream()
                .filter(check -> !check.kept)
                .map(check -> check.promise + ": " + check.detail)
                .toList();
    }

    void print(PrintStream out) {
        for (Check check : checks) {
            out.printf("  %-6s  %-58s %s%n", check.kept ? "kept" : "BROKEN", check.promise, check.detail);
        }
        out.println();
        out.println(allKept() ? "PASSED" : "FAILED");
    }
}
