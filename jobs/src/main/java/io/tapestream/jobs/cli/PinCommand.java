package io.tapestream.jobs.cli;

import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream pin}: a version that stays. */
@Command(
    name = "pin",
    header = "Keeps a version from being deleted, whatever publish.keep says.",
    description = "%nunpin gives it free again.")
final class PinCommand implements Callable<Integer> {
  @Spec private CommandSpec command = CommandSpec.create();

  @Mixin private ChosenModel model = new ChosenModel();

  @Parameters(index = "1", paramLabel = "VERSION", description = "The version.")
  private long version;

  @Override
  public Integer call() throws IOException {
    VersionDirectory versions = model.versions(command);
    Releases now = Releases.update(versions, version, before -> before.withPin(version));
    model.tell(
        command, versions, now, versions.model() + " version " + version + " stays from now on.");
    return 0;
  }
}
