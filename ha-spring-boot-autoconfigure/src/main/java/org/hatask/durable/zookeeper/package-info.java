/** Durable tasks in ZooKeeper. */
@NullMarked
package org.hatask.durable.zookeeper;

import org.jspecify.annotations.NullMarked;
