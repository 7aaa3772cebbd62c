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

/** {@code tapestream unpin}: a version that may go. */
@Command(name = "unpin", header = "Lets a pinned version be deleted when its time has come.")
final class UnpinCommand implements Callable<Integer> {
  @Spec private CommandSpec command = CommandSpec.create();

  @Mixin private ChosenModel model = new ChosenModel();

  @Parameters(index = "1", paramLabel = "VERSION", description = "The version.")
  private long version;

  @Override
  public Integer call() throws IOException {
    VersionDirectory versions = model.versions(command);
    Releases now = Releases.update(versions, before -> before.withoutPin(version));
    model.tell(
        command,
        versions,
        now,
        versions.model() + " version " + version + " stays as long as publish.keep says.");
    return 0;
  }
}
