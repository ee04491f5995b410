/** Calls, attempts and executions as observations of Micrometer. Used only where that is on the class path. */
@NullMarked
package org.hatask.tracing;

import org.jspecify.annotations.NullMarked;
