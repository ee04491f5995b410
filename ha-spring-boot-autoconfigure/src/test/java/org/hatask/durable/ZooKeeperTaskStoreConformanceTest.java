package org.hatask.durable;

import org.hatask.durable.zookeeper.StoreScene;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** On the node that is master, since the tests also do what only the master may. */
class ZooKeeperTaskStoreConformanceTest extends TaskStoreConformanceTest {

    private static StoreScene scene;
    private static volatile long epoch;

    @BeforeAll
    static void startServer() throws Exception {
        scene = new StoreScene();
    }

    @AfterAll
    static void stopServer() throws Exception {
        scene.close();
    }

    @Override
    TaskStore newStore() {
        try {
            scene.empty();
            epoch = scene.raiseEpoch();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return sameStore();
    }

    @Override
    TaskStore sameStore() {
        return scene.patientStore(() -> epoch);
    }
}
