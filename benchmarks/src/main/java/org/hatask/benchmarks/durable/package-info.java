/** How many durable tasks a second, beside other libraries that keep tasks in a database. */
package org.hatask.benchmarks.durable;
