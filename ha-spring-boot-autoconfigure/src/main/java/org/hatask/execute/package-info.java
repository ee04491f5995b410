/** Runs a task on this node. */
@NullMarked
package org.hatask.execute;

import org.jspecify.annotations.NullMarked;
