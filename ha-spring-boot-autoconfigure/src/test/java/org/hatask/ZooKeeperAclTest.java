package org.hatask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZKUtil;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Stat;
import org.hatask.cluster.Coordination;
import org.hatask.cluster.OperatorAction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

/** What a stranger may do in ZooKeeper. */
@Timeout(180)
@ExtendWith(OutputCaptureExtension.class)
class ZooKeeperAclTest {

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    private static final String CREDENTIALS = "ha:secret";

    private final List<ZooKeeper> clients = new ArrayList<>();
    private TestNodes nodes;

    private ZooKeeper client(String credentials) throws Exception {
        ZooKeeper client = new ZooKeeper(nodes.zooKeeper().getConnectString(), 10_000, event -> {});
        if (credentials != null) {
            client.addAuthInfo("digest", credentials.getBytes(StandardCharsets.UTF_8));
        }
        clients.add(client);
        return client;
    }

    @AfterEach
    void stop() throws Exception {
        for (ZooKeeper client : clients) {
            client.close();
        }
        nodes.close();
    }

    private static List<String> all(ZooKeeper client, String path) throws Exception {
        List<String> paths = new ArrayList<>(List.of(path));
        for (String child : client.getChildren(path, false)) {
            paths.addAll(all(client, path + "/" + child));
        }
        return paths;
    }

    @ParameterizedTest
    @ValueSource(strings = {"leader-latch", "lowest-node-id", "manual"})
    void withoutTheCredentialsNothingOfTheClusterCanBeReadWrittenOrDeleted(String strategy) throws Exception {
        nodes = new TestNodes(Application.class, "ha.zookeeper.auth=" + CREDENTIALS, "ha.election.strategy=" + strategy)
                .startAll("n1", "n2");
        nodes.lead("n1");
        assertThat(nodes.order("n1", OperatorAction.Kind.PROMOTE, "n2").result())
                .isEqualTo(OperatorAction.Result.DONE);
        ZooKeeper owner = client(CREDENTIALS);
        List<String> paths = all(owner, "/ha/test");
        assertThat(paths)
                .contains("/ha/test/secret", "/ha/test/members/n1", "/ha/test/master", "/ha/test/epoch")
                .anyMatch(path -> strategy.equals("manual") || path.startsWith("/ha/test/election/"));

        ZooKeeper stranger = client(null);
        ZooKeeper other = client("other:password");
        for (String path : paths) {
            for (ACL acl : owner.getACL(path, new Stat())) {
                assertThat(acl.getId().getScheme()).as(path).isEqualTo("digest");
                assertThat(acl.getId().getId()).as(path).startsWith("ha:");
            }
            for (ZooKeeper client : List.of(stranger, other)) {
                assertRefused(path, () -> client.getData(path, false, null));
                assertRefused(path, () -> client.getChildren(path, false));
                assertRefused(path, () -> client.setData(path, new byte[0], -1));
                assertRefused(path, () -> client.setACL(path, ZooDefs.Ids.OPEN_ACL_UNSAFE, -1));
                assertRefused(
                        path,
                        () -> client.create(
                                path + "/x", new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
                assertRefused(path, () -> {
                    client.delete(path, -1);
                    return null;
                });
            }
        }
    }

    private static void assertRefused(String path, Callable<?> attempt) throws Exception {
        try {
            attempt.call();
        } catch (KeeperException.NoAuthException e) {
            return;
        } catch (KeeperException.NoChildrenForEphemeralsException e) {
            return;
        } catch (KeeperException e) {
            throw new AssertionError(path, e);
        }
        throw new AssertionError(path + " is open");
    }

    @Test
    void clustersWithOtherCredentialsFindRoomBesideIt() throws Exception {
        nodes = new TestNodes(Application.class);
        nodes.start("n1", "ha.cluster=one", "ha.zookeeper.auth=one:1");
        nodes.start("n2", "ha.cluster=two", "ha.zookeeper.auth=two:2");

        for (String id : List.of("n1", "n2")) {
            await().atMost(TestNodes.PATIENCE).until(() -> nodes.mastership(id).isHeld());
        }
    }

    @Test
    void credentialsThatComeLaterAreToldWhatIsStillOpenAndWhatToDo(CapturedOutput output) throws Exception {
        nodes = new TestNodes(Application.class).startAll("n1");
        nodes.stop("n1");

        nodes.start("n2", "ha.zookeeper.auth=" + CREDENTIALS);

        await().atMost(TestNodes.PATIENCE)
                .until(() -> output.getOut().contains("are from the time before it and open to whoever"));
        assertThat(output).contains("/ha/test/secret", "deleteall /ha/test in zkCli.sh");
        assertThat(nodes.bean("n2", Coordination.class).status().problem()).contains("ha.zookeeper.auth is set, but");

        nodes.stop("n2");
        ZooKeeper admin = client(CREDENTIALS);
        ZKUtil.deleteRecursive(admin, "/ha/test");
        nodes.start("n3", "ha.zookeeper.auth=" + CREDENTIALS);
        nodes.awaitAgreement();
        assertThat(nodes.bean("n3", Coordination.class).status().problem()).isNull();
    }

    @Test
    void whoLacksTheCredentialsIsToldOnce(CapturedOutput output) throws Exception {
        nodes = new TestNodes(Application.class);
        nodes.start("n1", "ha.zookeeper.auth=" + CREDENTIALS);
        nodes.awaitAgreement();

        nodes.start("n2", "ha.zookeeper.auth=ha:wrong");

        String line = "ZooKeeper refuses access below /ha/test (NOAUTH): check ha.zookeeper.auth";
        await().atMost(TestNodes.PATIENCE).until(() -> output.getOut().contains(line));
        assertThat(nodes.bean("n2", HaCluster.class).members()).isEmpty();
        assertThat(output.getOut().split(Pattern.quote(line), -1)).hasSize(2);
    }

    @Test
    void withoutCredentialsTheLogSaysOnceWhoIsTrusted(CapturedOutput output) throws Exception {
        nodes = new TestNodes(Application.class).startAll("n1");

        assertThat(output.getOut()
                        .lines()
                        .filter(line -> line.contains("no ha.zookeeper.auth is set: whoever reaches")))
                .hasSize(1);
    }
}
