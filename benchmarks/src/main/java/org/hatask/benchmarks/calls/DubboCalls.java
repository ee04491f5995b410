package org.hatask.benchmarks.calls;

import java.util.stream.Collectors;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;

/** Dubbo's own protocol with its defaults, without a registry: the servers' addresses are given. */
final class DubboCalls implements Contender {

    /** What is called; public, as Dubbo makes a class of its own for it. */
    public interface Desk {
        String work(String text, int number);
    }

    @Override
    public AutoCloseable serve(Place place) {
        ProtocolConfig protocol = new ProtocolConfig("dubbo", place.port());
        protocol.setHost("127.0.0.1");
        ServiceConfig<Desk> service = new ServiceConfig<>();
        service.setInterface(Desk.class);
        service.setRef(Contender::answer);
        DubboBootstrap bootstrap = bootstrap().protocol(protocol).service(service);
        bootstrap.start();
        return bootstrap::stop;
    }

    @Override
    public Caller call(Place place) {
        ReferenceConfig<Desk> reference = new ReferenceConfig<>();
        reference.setInterface(Desk.class);
        reference.setUrl(place.serverPorts().stream()
                .map(port -> "dubbo://127.0.0.1:" + port)
                .collect(Collectors.joining(";")));
        reference.setLoadbalance("roundrobin");
        reference.setTimeout(10_000);
        DubboBootstrap bootstrap = bootstrap().reference(reference);
        bootstrap.start();
        Desk desk = reference.get();
        return new Caller() {
            @Override
            public String work(String text, int number) {
                return desk.work(text, number);
            }

            @Override
            public void close() {
                bootstrap.stop();
            }
        };
    }

    private static DubboBootstrap bootstrap() {
        ApplicationConfig application = new ApplicationConfig("benchmark");
        application.setQosEnable(false);
        return DubboBootstrap.getInstance()
                .application(application)
                .registry(new RegistryConfig(RegistryConfig.NO_AVAILABLE));
    }
}
