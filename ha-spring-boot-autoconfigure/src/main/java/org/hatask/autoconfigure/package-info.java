/** Wires the engine into a Spring Boot application. */
@NullMarked
package org.hatask.autoconfigure;

import org.jspecify.annotations.NullMarked;
