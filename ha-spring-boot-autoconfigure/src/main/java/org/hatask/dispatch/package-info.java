/** From a call to an answer. */
@NullMarked
package org.hatask.dispatch;

import org.jspecify.annotations.NullMarked;
