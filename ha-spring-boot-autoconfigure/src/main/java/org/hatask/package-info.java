/** What a user of HA Task imports: the annotation, the view of the cluster, the context of a task, events and errors. */
@NullMarked
package org.hatask;

import org.jspecify.annotations.NullMarked;
