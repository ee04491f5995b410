/** Cold standby: the beans that live only on the primary, made at promotion and ended at demotion. */
@NullMarked
package org.hatask.standby;

import org.jspecify.annotations.NullMarked;
