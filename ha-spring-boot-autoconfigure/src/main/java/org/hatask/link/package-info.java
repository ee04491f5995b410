/** The wire between two nodes. */
@NullMarked
package org.hatask.link;

import org.jspecify.annotations.NullMarked;
