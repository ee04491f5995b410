/** Remote calls: what one costs, beside other ways to make it. */
package org.hatask.benchmarks.calls;
