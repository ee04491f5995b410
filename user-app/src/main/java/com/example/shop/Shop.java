package com.example.shop;

import org.hatask.HaCluster;
import org.hatask.HaTask;
import org.hatask.Role;
import org.springframework.stereotype.Service;

@Service
public class Shop {

    private final HaCluster cluster;

    Shop(HaCluster cluster) {
        this.cluster = cluster;
    }

    @HaTask(role = Role.MASTER)
    public String order(Order order) {
        return order.pieces() + " " + order.article() + " by " + cluster.self().id();
    }

    @HaTask(role = Role.WORKER)
    public String pack(String article) {
        return article + " by " + cluster.self().id();
    }
}
