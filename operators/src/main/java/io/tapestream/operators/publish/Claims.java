package io.tapestream.operators.publish;

import io.tapestream.files.DurableFiles;
import io.tapestream.files.FileEntry;
import io.tapestream.files.Manifest;
import io.tapestream.files.Presence;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.OptionalLong;

/**
 * Numbers where a directory can't be renamed as a whole, as in an object store: a cut claims the
 * next one by a file in its directory, and its files follow one by one.
 *
 * <pre>
 * DIR/NAME/00000007/.claim    "RUN CHECKPOINT", until the manifest is there
 * </pre>
 *
 * <p>A commit that was cut short finds its claim and goes on. Of two jobs that publish a model at
 * the same moment, the one whose claim is overwritten takes another number; give each its model
 * where that is not enough. A local directory is always renamed: no claim is looked for there.
 */
final class Claims {
  private static final String FILE = ".claim";

  private final VersionDirectory versions;

  Claims(VersionDirectory versions) {
    this.versions = versions;
  }

  /** The number that an interrupted commit has claimed for this draft. */
  OptionalLong of(Manifest draft) throws IOException {
    if (local()) {
      return OptionalLong.empty();
    }
    List<Long> begun = versions.numbered();
    begun.removeAll(versions.complete());
    for (long number : begun) {
      if (isOf(draft, versions.path(number))) {
        return OptionalLong.of(number);
      }
    }
    return OptionalLong.empty();
  }

  /** Claims the next number. */
  long take(Manifest draft) throws IOException {
    while (true) {
      long number = versions.next();
      DurableFiles.replace(versions.path(number).resolve(FILE), text(draft));
      if (isOf(draft, versions.path(number))) {
        return number;
      }
    }
  }

  /** Moves what is still pending of the draft's files to the number that it has claimed. */
  void fill(long number, Path pending, Manifest draft) throws IOException {
    for (FileEntry file : draft.files()) {
      Path source = pending.resolve(file.name());
      if (Presence.isFile(source)) {
        Files.move(
            source,
            versions.path(number).resolve(file.name()),
            StandardCopyOption.REPLACE_EXISTING);
      }
    }
    draft.verify(versions.path(number));
    PendingFiles.discard(pending);
  }

  /** Ends the claim, whose manifest is there. */
  void release(long number) {
    if (!local()) {
      PendingFiles.discard(versions.path(number).resolve(FILE));
    }
  }

  private boolean local() {
    return versions.root().getFileSystem() == FileSystems.getDefault();
  }

  private static boolean isOf(Manifest draft, Path directory) throws IOException {
    try {
      return Files.readString(directory.resolve(FILE)).equals(text(draft));
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static String text(Manifest draft) {
    return draft.run() + " " + draft.checkpoint();
  }
}
