package org.hatask.campaign;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.springframework.util.FileSystemUtils;

/** Where the processes of a run leave what they write. */
public final class RunDirectory {

    private RunDirectory() {}

    /** One of its own for each run of a process. */
    public static Path of(String run) {
        return Path.of(System.getProperty("campaign.directory", "target/campaign"))
                .resolve(run + "-" + ProcessHandle.current().pid());
    }

    /** When nobody needs to look into it. */
    public static void delete(Path directory) {
        try {
            FileSystemUtils.deleteRecursively(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + directory, e);
        }
    }
}
