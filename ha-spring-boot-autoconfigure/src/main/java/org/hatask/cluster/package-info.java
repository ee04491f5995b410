/** Nodes and mastership in plain Java: what the rest of the engine knows of the cluster. */
@NullMarked
package org.hatask.cluster;

import org.jspecify.annotations.NullMarked;
