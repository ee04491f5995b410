package org.hatask.benchmarks.calls;

import com.hazelcast.cluster.Member;
import com.hazelcast.cluster.MembershipAdapter;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.IExecutorService;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.IdentifiedDataSerializable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Hazelcast's executor, each member in turn; the caller is a lite member. The task has its fastest kind of serialisation. What
 * takes long has an executor of its own, as its documentation advises.
 */
final class HazelcastCalls implements Contender {

    /** As its documentation asks for. */
    static final List<String> JAVA_OPTIONS = List.of(
            "--add-modules=java.se",
            "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-opens=java.management/sun.management=ALL-UNNAMED",
            "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED");

    /** A task as it travels. */
    public static final class Work implements Callable<String>, IdentifiedDataSerializable {

        static final int FACTORY = 1;

        private String text;
        private int number;

        public Work() {}

        Work(String text, int number) {
            this.text = text;
            this.number = number;
        }

        @Override
        public String call() {
            return Contender.answer(text, number);
        }

        @Override
        public int getFactoryId() {
            return FACTORY;
        }

        @Override
        public int getClassId() {
            return 1;
        }

        @Override
        public void writeData(ObjectDataOutput out) throws IOException {
            out.writeString(text);
            out.writeInt(number);
        }

        @Override
        public void readData(ObjectDataInput in) throws IOException {
            text = in.readString();
            number = in.readInt();
        }
    }

    @Override
    public AutoCloseable serve(Place place) {
        HazelcastInstance instance = Hazelcast.newHazelcastInstance(config(place));
        return instance::shutdown;
    }

    @Override
    public Caller call(Place place) {
        HazelcastInstance instance =
                Hazelcast.newHazelcastInstance(config(place).setLiteMember(true));
        AtomicReference<List<Member>> servers = new AtomicReference<>(servers(instance));
        if (servers.get().size() != place.serverPorts().size()) {
            throw new IllegalStateException("Members: " + servers);
        }
        instance.getCluster().addMembershipListener(new MembershipAdapter() {
            @Override
            public void memberRemoved(MembershipEvent event) {
                servers.set(servers(instance));
            }
        });
        IExecutorService shortOnes = instance.getExecutorService("desk");
        IExecutorService longOnes = instance.getExecutorService("rest");
        AtomicInteger turn = new AtomicInteger();
        return new Caller() {
            @Override
            public String work(String text, int number) throws Exception {
                return submit(shortOnes, new Work(text, number));
            }

            @Override
            public String rest(int millis) throws Exception {
                return submit(longOnes, new Work("", -millis));
            }

            private String submit(IExecutorService executor, Work work) throws Exception {
                List<Member> current = servers.get();
                Member next = current.get(Math.floorMod(turn.getAndIncrement(), current.size()));
                return executor.submitToMember(work, next).get();
            }

            @Override
            public void close() {
                instance.shutdown();
            }
        };
    }

    private static List<Member> servers(HazelcastInstance instance) {
        return instance.getCluster().getMembers().stream()
                .filter(member -> !member.isLiteMember())
                .toList();
    }

    private static Config config(Place place) {
        Config config = new Config().setClusterName("benchmark");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.getSerializationConfig().addDataSerializableFactory(Work.FACTORY, id -> new Work());
        config.getNetworkConfig().setPort(place.port()).setPortAutoIncrement(false);
        config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(true);
        place.ports().forEach(port -> join.getTcpIpConfig().addMember("127.0.0.1:" + port));
        return config;
    }
}
