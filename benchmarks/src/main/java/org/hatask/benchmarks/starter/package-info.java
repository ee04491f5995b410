/** What the starter costs an application that is nothing but a web server with a controller. */
package org.hatask.benchmarks.starter;
