package io.tapestream.jobs.cli;

import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tapestream rollback}: an earlier version answers, and stays. */
@Command(
    name = "rollback",
    header = "Has an earlier version served, and held whatever newer ones come.",
    description = {
      "%nThe version is checked first: its manifest, and the SHA-256 of each of its files. Servers that follow"
          + " the model change over at their next look. Training goes on, and publishes as before;"
          + " --release serves the newest version again."
    })
final class RollbackCommand implements Callable<Integer> {
  @Spec private CommandSpec command = CommandSpec.create();

  @Mixin private ChosenModel model = new ChosenModel();

  @Option(
      names = "--to",
      paramLabel = "VERSION",
      description = "The version to serve. Default: the one before that which is served.")
  private @Nullable Long to;

  @Option(names = "--release", description = "Serve the newest version again.")
  private boolean release;

  @Override
  public Integer call() throws IOException {
    if (release && to != null) {
      throw new ParameterException(command.commandLine(), "give either --to or --release");
    }
    VersionDirectory versions = model.versions(command);
    if (release) {
      Releases now = Releases.update(versions, Releases::withoutHold);
      long newest = now.defaultOf(versions.complete()).orElseThrow();
      model.tell(
          command,
          versions,
          now,
          "%s serves version %d, the newest, and each newer one that comes."
              .formatted(versions.model(), newest));
      return 0;
    }
    long target = target(versions);
    versions.manifest(target).verify(versions.path(target));
    Releases now = Releases.update(versions, target, before -> before.withHold(target));
    model.tell(
        command,
        versions,
        now,
        "%s serves version %d, whatever newer ones come, until: rollback %s --release"
            .formatted(versions.model(), target, versions.root()));
    return 0;
  }

  private long target(VersionDirectory versions) throws IOException {
    if (to != null) {
      return to;
    }
    List<Long> complete = versions.complete();
    OptionalLong served = Releases.read(versions).defaultOf(complete);
    return complete.stream()
        .mapToLong(Long::longValue)
        .filter(version -> version < served.orElse(Long.MAX_VALUE))
        .max()
        .orElseThrow(
            () ->
                new InvalidVersionException(
                    "%s has no complete version before %d; there are %s"
                        .formatted(versions, served.orElse(0), complete)));
  }
}
