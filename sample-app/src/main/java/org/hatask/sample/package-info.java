/** A pricing desk whose work goes on when a machine fails. */
@NullMarked
package org.hatask.sample;

import org.jspecify.annotations.NullMarked;
