/** Keeps masters of the past out of a database. The only place that knows Spring's JDBC and transactions. */
@NullMarked
package org.hatask.fence;

import org.jspecify.annotations.NullMarked;
