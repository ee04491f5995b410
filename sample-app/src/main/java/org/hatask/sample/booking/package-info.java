/** Trades: numbered and written by the master, reported by the workers. */
@NullMarked
package org.hatask.sample.booking;

import org.jspecify.annotations.NullMarked;
