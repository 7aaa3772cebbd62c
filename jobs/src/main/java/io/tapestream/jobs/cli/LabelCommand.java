package io.tapestream.jobs.cli;

import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream label}: names a version for those who ask for it. */
@Command(
    name = "label",
    header = "Gives a version a label, such as stable or canary, or takes it away.",
    description = {
      "%nA label is on one version at a time; given to another it moves there. Servers load a labelled"
          + " version beside the one that they serve, and retention never deletes it."
    })
final class LabelCommand implements Callable<Integer> {
  @Spec private CommandSpec command = CommandSpec.create();

  @Mixin private ChosenModel model = new ChosenModel();

  @Parameters(index = "1", paramLabel = "LABEL", description = "The label.")
  private String label = "";

  @Parameters(index = "2", arity = "0..1", paramLabel = "VERSION", description = "Its version.")
  private @Nullable Long version;

  @Option(names = "--remove", description = "Take the label away.")
  private boolean remove;

  @Override
  public Integer call() throws IOException {
    Long labelled = version;
    if (remove == (labelled != null)) {
      throw new ParameterException(
          command.commandLine(), "give either the label's version or --remove");
    }
    VersionDirectory versions = model.versions(command);
    if (labelled == null) {
      Releases now = Releases.update(versions, before -> before.withoutLabel(label));
      model.tell(command, versions, now, versions.model() + " has no " + label + " any more.");
    } else {
      Releases now =
          Releases.update(versions, labelled, before -> before.withLabel(label, labelled));
      model.tell(
          command, versions, now, versions.model() + " " + label + " is version " + labelled + ".");
    }
    return 0;
  }
}
