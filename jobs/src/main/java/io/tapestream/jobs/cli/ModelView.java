package io.tapestream.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Presence;
import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** A model's versions, and what was decided about them, as {@code show} tells of them. */
final class ModelView {
  private static final ObjectMapper JSON = new ObjectMapper();

  static final List<String> HEADER =
      List.of("model", "version", "created", "round", "records", "bytes", "metrics", "");

  private final VersionDirectory versions;
  private final Releases releases;
  private final List<Long> complete;

  /**
   * Looks at the directory.
   *
   * @throws InvalidVersionException if what was decided can't be read
   */
  ModelView(VersionDirectory versions) throws IOException {
    this.versions = versions;
    this.releases = Releases.read(versions);
    this.complete = versions.complete();
  }

  boolean isEmpty() {
    return complete.isEmpty();
  }

  /** A row for each version, the newest last; or for the newest alone. */
  List<List<String>> rows(boolean newestOnly) throws IOException {
    List<List<String>> rows = new ArrayList<>();
    int from = newestOnly ? Math.max(0, complete.size() - 1) : 0;
    for (long version : complete.subList(from, complete.size())) {
      rows.add(row(version));
    }
    return rows;
  }

  private List<String> row(long version) throws IOException {
    try {
      VersionView view = view(version);
      return List.of(
          versions.model(),
          String.valueOf(version),
          view.manifest().created().truncatedTo(ChronoUnit.SECONDS).toString(),
          String.valueOf(view.manifest().round()),
          String.valueOf(view.manifest().records()),
          String.valueOf(view.size()),
          view.metrics(),
          String.join(", ", marks(version)));
    } catch (InvalidVersionException e) {
      return List.of(versions.model(), String.valueOf(version), "refused: " + e.getMessage());
    }
  }

  private VersionView view(long version) throws IOException {
    return VersionView.of(versions.path(version), versions.manifest(version));
  }

  /** What was decided about a version, in words. */
  List<String> marks(long version) {
    List<String> marks = new ArrayList<>();
    OptionalLong standard = releases.defaultOf(complete);
    if (standard.isPresent() && standard.getAsLong() == version) {
      marks.add(releases.hold() == null ? "default" : "held as the default");
    }
    marks.addAll(releases.labelsOf(version));
    if (releases.pinned().contains(version)) {
      marks.add("pinned");
    }
    return marks;
  }

  /** What else lies in the directory, a sentence each. */
  List<String> remarks() throws IOException {
    List<String> remarks = new ArrayList<>();
    Long hold = releases.hold();
    if (hold != null && !complete.contains(hold)) {
      remarks.add("Version " + hold + " is held as the default and not there.");
    }
    List<Long> incomplete = incomplete();
    if (!incomplete.isEmpty()) {
      remarks.add("Without a manifest, so not yet or no longer versions: " + incomplete + ".");
    }
    int pending = pending();
    if (pending > 0) {
      remarks.add(pending + " not yet committed, in " + versions.pending() + ".");
    }
    return remarks;
  }

  /** All of it. */
  ObjectNode json() throws IOException {
    ObjectNode json = JSON.createObjectNode().put("model", versions.model());
    OptionalLong standard = releases.defaultOf(complete);
    if (standard.isPresent()) {
      json.put("default", standard.getAsLong());
    }
    json.set("releases", JSON.readTree(releases.toJson().getBytes(StandardCharsets.UTF_8)));
    ArrayNode all = json.putArray("versions");
    ArrayNode refused = json.putArray("refused");
    for (long version : complete) {
      try {
        all.add(view(version).json());
      } catch (InvalidVersionException e) {
        refused.addObject().put("version", version).put("reason", e.getMessage());
      }
    }
    ArrayNode without = json.putArray("incomplete");
    incomplete().forEach(without::add);
    return json.put("pending", pending());
  }

  private List<Long> incomplete() throws IOException {
    List<Long> numbered = new ArrayList<>(versions.numbered());
    numbered.removeAll(complete);
    return numbered;
  }

  private static boolean isVersion(Path pending) {
    Path name = pending.getFileName();
    return name != null && name.toString().startsWith("version-");
  }

  private int pending() throws IOException {
    int count = 0;
    if (Presence.isDirectory(versions.pending())) {
      try (var runs = Files.newDirectoryStream(versions.pending(), Files::isDirectory)) {
        for (Path run : runs) {
          try (var waiting = Files.newDirectoryStream(run, ModelView::isVersion)) {
            for (Path unused : waiting) {
              count++;
            }
          }
        }
      }
    }
    return count;
  }
}
