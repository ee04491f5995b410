package org.hatask.zookeeper;

import java.math.BigInteger;
import java.util.Comparator;

/**
 * The order of node ids: where both are of the form text, number, text, ... number by number, so that n9 comes before n10;
 * else as text.
 */
final class NodeIdOrder implements Comparator<String> {

    static final NodeIdOrder INSTANCE = new NodeIdOrder();

    private NodeIdOrder() {}

    @Override
    public int compare(String a, String b) {
        int i = 0;
        int j = 0;
        while (i < a.length() && j < b.length()) {
            int order;
            if (isDigit(a.charAt(i)) && isDigit(b.charAt(j))) {
                int endA = endOfNumber(a, i);
                int endB = endOfNumber(b, j);
                order = new BigInteger(a.substring(i, endA)).compareTo(new BigInteger(b.substring(j, endB)));
                i = endA;
                j = endB;
            } else {
                order = Character.compare(a.charAt(i++), b.charAt(j++));
            }
            if (order != 0) {
                return order;
            }
        }
        int rest = Integer.compare(a.length() - i, b.length() - j);
        // 01 and 1 are different ids and must not be equal.
        return rest != 0 ? rest : a.compareTo(b);
    }

    private static int endOfNumber(String text, int start) {
        int end = start;
        while (end < text.length() && isDigit(text.charAt(end))) {
            end++;
        }
        return end;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
