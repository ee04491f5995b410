/** Durable tasks in the application's database. */
@NullMarked
package org.hatask.durable.jdbc;

import org.jspecify.annotations.NullMarked;
