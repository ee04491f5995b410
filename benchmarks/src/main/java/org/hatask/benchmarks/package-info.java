/** Measures HA Task beside its yardsticks; see {@code docs/benchmarks.md}. */
package org.hatask.benchmarks;
