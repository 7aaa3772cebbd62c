package io.tapestream.jobs.cli;

import io.tapestream.files.Presence;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code --dir}: where models and versions are found that are not named by their whole path. */
final class ModelsDirectory {
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where a model is looked for by its name. Default: ${DEFAULT-VALUE}.")
  private Path directory = Path.of("models");

  /**
   * The versions in {@code model}, or else in {@code DIR/model}; of which there is at least one.
   */
  Optional<VersionDirectory> find(Path model) throws IOException {
    for (Path root : List.of(model, under(model))) {
      Path absolute = root.toAbsolutePath().normalize();
      Path parent = absolute.getParent();
      if (parent == null || !Presence.isDirectory(absolute)) {
        continue;
      }
      Optional<VersionDirectory> versions = named(parent, absolute.getFileName().toString());
      if (versions.isPresent() && !versions.get().complete().isEmpty()) {
        return versions;
      }
    }
    return Optional.empty();
  }

  /** The same, or an error. */
  VersionDirectory model(Path model, CommandSpec command) throws IOException {
    return find(model)
        .orElseThrow(
            () ->
                new ParameterException(
                    command.commandLine(),
                    "there are no versions of a model in %s nor in %s"
                        .formatted(model, under(model))));
  }

  /** What is named by a URI lies under no other directory. */
  private Path under(Path model) {
    return model.getFileSystem().equals(directory.getFileSystem())
        ? directory.resolve(model)
        : model.isAbsolute() ? model : directory.resolve(model.toString());
  }

  /** The directory of a version that is named by its path, or as {@code MODEL/7}. */
  Path version(Path version, CommandSpec command) throws IOException {
    Path model = version.getParent();
    if (!Presence.isDirectory(version)
        && model != null
        && NUMBER.matcher(version.getFileName().toString()).matches()) {
      return model(model, command).path(Long.parseLong(version.getFileName().toString()));
    }
    return version;
  }

  /** The versions of a directory that is named as a model may be. */
  static Optional<VersionDirectory> named(Path parent, String name) {
    try {
      return Optional.of(new VersionDirectory(parent, name));
    } catch (IllegalArgumentException notAModelsName) {
      return Optional.empty();
    }
  }
}
