package org.hatask.proof;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * An application whose tasks do nothing but note that they ran: the node of process tests that must know how often each one did.
 * In a package of its own, so that the desk does not find these beans.
 */
@SpringBootApplication
public class ProofNode {

    public static void main(String[] args) {
        SpringApplication.run(ProofNode.class, args);
    }
}
