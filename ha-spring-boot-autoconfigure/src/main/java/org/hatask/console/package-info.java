/** The page for operators: static files that ask {@code /actuator/ha}, and the little that a server has to tell them. */
@NullMarked
package org.hatask.console;

import org.jspecify.annotations.NullMarked;
