/** Runs, kills and judges a cluster of real processes; what the script {@code sample-app/cluster} and the process tests use. */
@NullMarked
package org.hatask.sample.cluster;

import org.jspecify.annotations.NullMarked;
