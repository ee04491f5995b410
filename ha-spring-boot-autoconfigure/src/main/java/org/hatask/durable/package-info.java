/** The task manager: durable tasks are recorded, given to nodes, and followed until they end. */
@NullMarked
package org.hatask.durable;

import org.jspecify.annotations.NullMarked;
