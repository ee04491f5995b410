/** Calls that are executed in place: what is left of the call's own speed. */
package org.hatask.benchmarks.local;
