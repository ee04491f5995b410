package org.hatask.jdbc;

import java.util.regex.Pattern;

/** Names of tables in configuration, which become part of statements. */
public final class TableName {

    /** What is expected, in words. */
    public static final String EXPECTED = "a plain SQL name, with its schema before a dot where it needs one";

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)*");

    private TableName() {}

    public static boolean isPlain(String name) {
        return PLAIN.matcher(name).matches();
    }
}
