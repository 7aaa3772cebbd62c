package io.tapestream.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.jobs.demo.Demo;
import io.tapestream.jobs.demo.DemoResult;
import io.tapestream.serving.server.HttpSettings;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tapestream demo}: everything at once, in one process. */
@Command(
    name = "demo",
    header = "Trains LeNet on a live stream of images and serves it, all in one process.",
    description = {
      "%nStarts a Kafka broker, a Flink cluster and a model server, feeds Fashion-MNIST to a topic, and asks"
          + " the server about held-out images while the network learns. Takes one to three minutes."
    })
final class DemoCommand implements Callable<Integer> {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "The full data set's four IDX files, 60,000 images to train on, instead of the 10,000"
              + " that come with the program. Debian has them in dataset-fashion-mnist.")
  private @Nullable Path data;

  @Option(
      names = "--directory",
      paramLabel = "DIR",
      description = "For the versions and the checkpoints. Default: a new temporary one.")
  private @Nullable Path directory;

  @Option(
      names = "--output",
      defaultValue = "text",
      description = "json makes the last line one JSON object. Default: ${DEFAULT-VALUE}.")
  private Output output = Output.TEXT;

  @Override
  public Integer call() throws Exception {
    PrintStream out = System.out;
    Path home = directory == null ? Files.createTempDirectory("tapestream-demo-") : directory;
    DemoResult result = new Demo(Demo.Plan.standard(data != null), data, home, out).run();
    report(out, result, home.toAbsolutePath().normalize());
    if (output == Output.JSON) {
      out.println(new ObjectMapper().writeValueAsString(result));
    }
    return 0;
  }

  private static void report(PrintStream out, DemoResult result, Path home) {
    out.println();
    out.printf(
        Locale.ROOT,
        "%,d records in %.1f s, %,d rounds, %d versions of which %d answered during training, %d"
            + " dead letters.%n",
        result.records(),
        result.seconds(),
        result.rounds(),
        result.versions(),
        result.versionsAnswering(),
        result.deadLetters());
    out.printf(
        Locale.ROOT,
        "Held-out accuracy: %.4f as served by version %d; %.4f after fit in memory on the same"
            + " batches.%n",
        result.heldOutAccuracy(),
        result.newestVersion(),
        result.inMemoryAccuracy());
    Path models = home.resolve("models");
    out.println();
    out.println("The versions lie in " + result.versionDirectory());
    out.println();
    out.println("Serve them again, and ask from another terminal:");
    out.println("  bin/tapestream serve " + models + " --name fashion");
    out.println(
        "  curl -d @"
            + home.resolve("request.json")
            + " http://127.0.0.1:"
            + HttpSettings.DEFAULT_PORT
            + "/v1/models/fashion:predict");
    out.println();
    out.println("What to try next:");
    out.println("  bin/tapestream show " + result.versionDirectory());
    out.println("  bin/tapestream show " + home.resolve("job.yaml"));
    out.println("  your own model and topic: bin/tapestream train --help");
  }
}
