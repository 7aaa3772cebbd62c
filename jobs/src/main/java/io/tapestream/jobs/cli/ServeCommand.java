package io.tapestream.jobs.cli;

import io.tapestream.files.Manifest;
import io.tapestream.jobs.Shutdown;
import io.tapestream.serving.follow.FollowSettings;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.kafka.VersionAnnouncements;
import io.tapestream.serving.server.HttpSettings;
import io.tapestream.serving.server.ModelServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream serve}: a model server that follows a directory of versions. */
@Command(
    name = "serve",
    header = "Serves models over HTTP and follows the directory that their versions appear in.",
    description = {
      "%nAnswers with the newest good version, or the one that is held (tapestream rollback), and"
          + " with each labelled one by its label. Speaks TensorFlow Serving's REST API, POST"
          + " /v1/models/NAME:predict, and the Open Inference Protocol, POST /v2/models/NAME/infer;"
          + " tells its health at /healthz and /readyz, and metrics at /metrics.",
      "%nEnds with Ctrl-C, after the requests under way."
    },
    sortOptions = false)
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

  @Mixin private ServeSecurity security = new ServeSecurity();

  @Mixin private ServeLimits limits = new ServeLimits();

  @ArgGroup(
      exclusive = false,
      heading = "%nHearing of versions at once, besides looking twice a second:%n")
  private @Nullable Announced announced;

  @Mixin private UserClasses classes = new UserClasses();

  @Mixin private VerifyKeys keys = new VerifyKeys();

  /** A topic with announcements. */
  static final class Announced {
    @Option(
        names = "--announcements",
        required = true,
        paramLabel = "TOPIC",
        description = "The topic that a job announces versions on (publish.announcements).")
    private String topic = "";

    @Option(
        names = "--bootstrap",
        required = true,
        paramLabel = "HOST:PORT",
        description = "Its Kafka brokers.")
    private String bootstrap = "";
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = command.commandLine().getOut();
    HttpSettings http;
    FollowSettings follow;
    try {
      http = settings();
      follow = limits.applyTo(FollowSettings.defaults());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
    }
    follow = follow.withClassLoader(classes.install()).withVerifier(keys.verifier());
    try (Shutdown shutdown = new Shutdown()) {
      List<ModelFollower> followers = new ArrayList<>();
      for (String name : names) {
        followers.add(shutdown.closes(ModelFollower.start(directory, name, follow)));
      }
      if (announced != null) {
        shutdown.closes(
            VersionAnnouncements.follow(
                announced.bootstrap, announced.topic, new Properties(), followers));
      }
      ModelServer server = shutdown.closes(ModelServer.start(followers, http));
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

  private HttpSettings settings() throws IOException {
    HttpSettings http = HttpSettings.loopback(port).withHost(host);
    return security.applyTo(limits.applyTo(http), System.getenv());
  }

  private String waiting() {
    return Files.isDirectory(directory) ? "; waiting for one" : "; there is no such directory yet";
  }
}
