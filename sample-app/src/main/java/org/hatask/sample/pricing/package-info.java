/** What the desk trades and what it is worth: a task for any node. */
@NullMarked
package org.hatask.sample.pricing;

import org.jspecify.annotations.NullMarked;
