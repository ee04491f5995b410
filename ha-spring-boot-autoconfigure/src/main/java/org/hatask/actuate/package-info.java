/** Shows the cluster to operators. */
@NullMarked
package org.hatask.actuate;

import org.jspecify.annotations.NullMarked;
