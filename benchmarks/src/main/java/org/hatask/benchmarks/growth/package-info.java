/** What a node costs the others, ZooKeeper and itself as there are more of them. */
package org.hatask.benchmarks.growth;
