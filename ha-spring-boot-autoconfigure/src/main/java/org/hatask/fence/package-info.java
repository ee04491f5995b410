/** Keeps masters of the past out of a database. */
@NullMarked
package org.hatask.fence;

import org.jspecify.annotations.NullMarked;
