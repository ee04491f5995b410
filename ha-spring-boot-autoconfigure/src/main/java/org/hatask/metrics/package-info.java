/** What can be measured, as meters of Micrometer. Used only where that is on the class path. */
@NullMarked
package org.hatask.metrics;

import org.jspecify.annotations.NullMarked;
