/** How a node joins, drains and leaves. */
@NullMarked
package org.hatask.lifecycle;

import org.jspecify.annotations.NullMarked;
