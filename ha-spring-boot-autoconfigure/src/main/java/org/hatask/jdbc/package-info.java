/** What the fence and the store of durable tasks both know of databases. */
@NullMarked
package org.hatask.jdbc;

import org.jspecify.annotations.NullMarked;
