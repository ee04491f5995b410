/** Membership, election and the embedded servers: the only place that knows Curator and ZooKeeper. */
@NullMarked
package org.hatask.zookeeper;

import org.jspecify.annotations.NullMarked;
