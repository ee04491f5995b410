package org.hatask.campaign.rig;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What one node reports of the cluster, read for health. */
final class ClusterReport {

    private static final ObjectMapper JSON = new ObjectMapper();

    private ClusterReport() {}

    /**
     * @param node whose report it is
     * @param masters gets the master and epoch that it reports
     */
    static List<String> complaints(String node, String report, List<String> expected, Set<String> masters) {
        JsonNode root;
        try {
            root = JSON.readTree(report);
        } catch (JsonProcessingException e) {
            return List.of(node + " reports what is no JSON");
        }
        List<String> complaints = new ArrayList<>();
        JsonNode master = root.path("master");
        if (master.path("id").isTextual()) {
            masters.add(master.path("id").asText() + " of epoch "
                    + master.path("epoch").asLong());
        } else {
            complaints.add(node + " knows no master");
        }
        List<String> up = new ArrayList<>();
        root.path("members").forEach(member -> {
            String id = member.path("id").asText();
            if (member.path("state").asText().equals("UP")) {
                up.add(id);
            }
            String health = member.path("health").path("status").asText();
            if (!health.equals("UP")) {
                complaints.add(node + " finds " + id + " " + health + ": "
                        + member.path("health").path("reason").asText());
            }
        });
        if (!up.containsAll(expected)) {
            complaints.add(node + " knows only " + up);
        }
        return complaints;
    }
}
