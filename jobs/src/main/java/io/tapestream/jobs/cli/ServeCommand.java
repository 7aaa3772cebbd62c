package io.tapestream.jobs.cli;

import io.tapestream.files.Manifest;
import io.tapestream.jobs.Shutdown;
import io.tapestream.serving.follow.FollowSettings;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.server.HttpSettings;
import io.tapestream.serving.server.ModelServer;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream serve}: a model server that follows a directory of versions. */
@Command(
    name = "serve",
    header = "Serves the newest version of a model over HTTP and follows the directory.",
    description = {
      "%nPOST /v1/models/NAME:predict with {\"instances\": [...]}; GET /v1/models/NAME, /v1/models/NAME/metadata,"
          + " /healthz, /readyz. Ends with Ctrl-C."
    })
final class ServeCommand implements Callable<Integer> {
  @Spec private CommandSpec command = CommandSpec.create();

  @Parameters(paramLabel = "DIR", description = "The directory that versions are published under.")
  private Path directory = Path.of(".");

  @Option(
      names = "--name",
      paramLabel = "NAME",
      required = true,
      description = "A model's name: DIR/NAME holds its versions. May be repeated.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--port",
      description = "Port to listen at; 0 takes a free one. Default: ${DEFAULT-VALUE}.")
  private int port = HttpSettings.DEFAULT_PORT;

  @Option(
      names = "--host",
      description =
          "Address to listen at; 0.0.0.0 answers other machines. Default: ${DEFAULT-VALUE}.")
  private String host = "127.0.0.1";

  @Mixin private UserClasses classes = new UserClasses();

  @Override
  public Integer call() throws Exception {
    PrintWriter out = command.commandLine().getOut();
    FollowSettings follow = FollowSettings.defaults().withClassLoader(classes.install());
    try (Shutdown shutdown = new Shutdown()) {
      List<ModelFollower> followers = new ArrayList<>();
      for (String name : names) {
        followers.add(shutdown.closes(ModelFollower.start(directory, name, follow)));
      }
      ModelServer server =
          shutdown.closes(ModelServer.start(followers, HttpSettings.loopback(port).withHost(host)));
      for (ModelFollower follower : followers) {
        out.println(server.url() + "/v1/models/" + follower.model() + ":predict");
        Optional<Manifest> first = follower.awaitVersion(1, Duration.ofSeconds(2));
        out.println(
            first
                .map(manifest -> "  serves version " + manifest.version() + " and what follows it")
                .orElseGet(() -> "  " + follower.whyNotServing() + waiting()));
      }
      out.flush();
      new CountDownLatch(1).await(); // until Ctrl-C
    }
    return 0;
  }

  private String waiting() {
    return Files.isDirectory(directory) ? "; waiting for one" : "; there is no such directory yet";
  }
}
