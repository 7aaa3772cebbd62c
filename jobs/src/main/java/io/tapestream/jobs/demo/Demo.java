package io.tapestream.jobs.demo;

import io.tapestream.files.Manifest;
import io.tapestream.jobs.JobFailedException;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.Shutdown;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.SubmissionException;
import io.tapestream.jobs.Topics;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import io.tapestream.jobs.feed.Feeder;
import io.tapestream.jobs.progress.Progress;
import io.tapestream.jobs.progress.ProgressLine;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.models.Model;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.serving.follow.FollowSettings;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.server.HttpSettings;
import io.tapestream.serving.server.ModelServer;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.FitOptions;
import io.tapestream.training.StepSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The main job from end to end in one process: a broker, a feeder, a Flink cluster with two task
 * managers, and a model server that is asked about held-out images while the network learns.
 */
public final class Demo {
  private static final String MODEL = "fashion";
  private static final String TOPIC = "fashion-images";
  private static final String ANNOUNCEMENTS = "fashion-versions";
  private static final int PARTITIONS = 4;
  private static final int TASK_MANAGERS = 2;
  private static final Duration REFRESH = Duration.ofMillis(250);
  private static final int PROBE = 50;
  private static final int CHUNK = 250;

  /**
   * How large a demo.
   *
   * @param passes over the training images
   * @param perSecond records that the feeder produces
   * @param checkpointInterval between versions
   */
  public record Plan(int passes, double perSecond, Duration checkpointInterval) {
    /** Some forty seconds of stream from the images that come with the program. */
    public static Plan standard(boolean full) {
      return new Plan(full ? 2 : 12, full ? 4_000 : 2_500, Duration.ofSeconds(3));
    }
  }

  private final Plan plan;
  private final FashionMnist data;
  private final Path directory;
  private final PrintStream out;

  /**
   * A demo that has not started.
   *
   * @param data with the full data set's four IDX files; null takes the images that come with the
   *     program
   * @param directory for versions and checkpoints; made if it is missing
   */
  public Demo(Plan plan, @Nullable Path data, Path directory, PrintStream out) throws IOException {
    this.plan = plan;
    this.data = data == null ? FashionMnist.shipped() : FashionMnist.full(data);
    this.directory = directory.toAbsolutePath().normalize();
    this.out = out;
  }

  /** Runs it to its end. */
  public DemoResult run()
      throws IOException,
          InterruptedException,
          InvalidSpecException,
          SubmissionException,
          JobFailedException {
    Files.createDirectories(directory);
    ImageStream stream = new ImageStream(data.training(), plan.passes(), PARTITIONS, 1);
    try (Shutdown shutdown = new Shutdown()) {
      out.println(
          "Starting a Kafka broker, a Flink cluster and a model server in this process ...");
      EmbeddedKafka kafka = shutdown.closes(EmbeddedKafka.start());
      kafka.createTopic(TOPIC, PARTITIONS);
      Path file = directory.resolve("job.yaml");
      Files.writeString(file, yaml(kafka.bootstrapServers(), stream.recordsPerPartition()));
      JobSpec spec = JobSpec.read(file);
      ClassLoader classes = Demo.class.getClassLoader();
      Submission submission = Submission.of(spec, classes);
      out.println(submission.model().summary());
      out.printf(
          Locale.ROOT,
          "%,d records: %d passes over %,d images, as Avro on topic %s. %s.%n",
          stream.records(),
          plan.passes(),
          data.training().count(),
          TOPIC,
          submission.effectiveBatch());

      LocalJob job =
          shutdown.closes(
              LocalJob.start(spec, submission, List.of(), TASK_MANAGERS, null, classes));
      ModelFollower follower =
          shutdown.closes(
              ModelFollower.start(
                  Path.of(spec.publish().directory()), MODEL, FollowSettings.defaults()));
      ModelServer server =
          shutdown.closes(ModelServer.start(List.of(follower), HttpSettings.loopback(0)));
      HeldOut heldOut = new HeldOut(data.heldOut(), predict(server.url()));
      out.println("While it trains:  curl " + server.url() + "/v1/models/" + MODEL);

      Feeder feeder =
          shutdown.closes(
              Feeder.connect(submission.settings().source().kafka(), TOPIC, RecordFormat.AVRO, 1));
      CompletableFuture<Long> feeding = feed(feeder, stream);
      Set<Long> answering = new HashSet<>();
      long start = System.nanoTime();
      Progress last = watch(job, feeding, heldOut, answering);
      double seconds = (System.nanoTime() - start) / 1e9;

      long newest = job.versions().newest().orElse(0);
      Manifest served =
          follower
              .awaitVersion(newest, Duration.ofSeconds(30))
              .orElseThrow(() -> new IOException(follower.whyNotServing()));
      double servedAccuracy = heldOut.askAll(CHUNK).accuracy();
      out.println("Training the same model in memory on the same batches, to compare ...");
      double inMemoryAccuracy = inMemory(submission.settings(), stream);
      Files.write(directory.resolve("request.json"), heldOut.body(0, 1));
      try (Topics topics = new Topics(submission.settings().source().kafka())) {
        return new DemoResult(
            served.records(),
            Math.round(seconds * 1_000) / 1_000.0,
            Math.max(last.round(), served.round()),
            servedAccuracy,
            inMemoryAccuracy,
            job.versions().complete().size(),
            answering.size(),
            newest,
            topics.records(spec.deadLetters()),
            job.versions().root().toString());
      }
    }
  }

  /** Feeds on a thread of its own, which ends when the feeder is closed. */
  private CompletableFuture<Long> feed(Feeder feeder, ImageStream stream) {
    CompletableFuture<Long> feeding = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                feeding.complete(feeder.feed(stream.examples(), plan.perSecond()));
              } catch (IOException | RuntimeException e) {
                feeding.completeExceptionally(e);
              }
            },
            "feeder");
    thread.setDaemon(true);
    thread.start();
    return feeding;
  }

  /** Shows progress and asks about held-out images until the stream has ended. */
  private Progress watch(
      LocalJob job, CompletableFuture<Long> feeding, HeldOut heldOut, Set<Long> answering)
      throws IOException, InterruptedException, JobFailedException {
    int asked = 0;
    try (ProgressLine line = ProgressLine.standard()) {
      while (!job.await(REFRESH)) {
        if (feeding.isCompletedExceptionally()) {
          feeding.join(); // throws why
        }
        job.newFailure().ifPresent(reason -> line.message("Restarting: " + reason));
        line.show(job.progress().line());
        int from = asked % (data.heldOut().count() - PROBE);
        asked += PROBE;
        heldOut
            .ask(from, from + PROBE)
            .filter(answer -> answering.add(answer.version()))
            .ifPresent(
                answer ->
                    line.message(
                        String.format(
                            Locale.ROOT,
                            "  version %d answers over HTTP: %d of %d held-out images right",
                            answer.version(),
                            answer.right(),
                            answer.asked())));
      }
      Progress last = job.progress();
      line.show(last.line());
      return last;
    }
  }

  private double inMemory(TrainingSettings settings, ImageStream stream) {
    ClassLoader classes = Demo.class.getClassLoader();
    try (Model model = settings.model().model(classes)) {
      model.build(settings.input().modelShape(), settings.model().seed());
      model.compile(settings.model().optimizer(classes), settings.model().loss(classes));
      int batch = settings.source().batchSize();
      // The pieces are the partitions' mini-batches, added in the parameter server's order.
      StepSettings step =
          new StepSettings(
              batch, Runtime.getRuntime().availableProcessors(), settings.model().seed());
      model.fit(stream.rounds(batch), FitOptions.of(batch * PARTITIONS, 1).withStep(step));
      return accuracy(model);
    }
  }

  private double accuracy(Model model) {
    FashionMnist.Images images = data.heldOut();
    float[] pixels = new float[CHUNK * FashionMnist.PIXELS];
    int right = 0;
    for (int from = 0; from < images.count(); from += CHUNK) {
      int count = Math.min(CHUNK, images.count() - from);
      for (int i = 0; i < count; i++) {
        images.read(from + i, pixels, i * FashionMnist.PIXELS);
      }
      try (Tensor features = Tensor.of(pixels, CHUNK, FashionMnist.SIDE, FashionMnist.SIDE, 1);
          Tensor logits = model.predict(features)) {
        float[] scores = logits.toFloats();
        int classes = scores.length / CHUNK;
        for (int i = 0; i < count; i++) {
          int greatest = 0;
          for (int k = 1; k < classes; k++) {
            if (scores[i * classes + k] > scores[i * classes + greatest]) {
              greatest = k;
            }
          }
          right += greatest == images.label(from + i) ? 1 : 0;
        }
      }
    }
    return (double) right / images.count();
  }

  private static URI predict(String server) {
    return URI.create(server + "/v1/models/" + MODEL + ":predict");
  }

  /** The demo's job, as a user would write it. */
  private String yaml(String bootstrap, int recordsPerPartition) {
    String classes = FashionMnist.CLASSES.stream().collect(Collectors.joining(", ", "[", "]"));
    return """
        name: %s
        source:
          bootstrap: %s
          topic: %s
          stop: offset %d
        input:
          features: [%s]
          shape: [28, 28, 1]
          classes: %s
        model:
          class: %s
        loss: {type: SparseCategoricalCrossEntropy, fromLogits: true}
        optimizer: {type: Adam, learningRate: 0.001}
        metrics: [Accuracy]
        batchSize: 32
        seed: 7
        parallelism:
          trainers: 2
          shards: 2
          blockFloats: 16384
        checkpoints:
          interval: %d ms
          directory: %s
        publish:
          directory: %s
          keep: 100
          announcements: %s
        """
        .formatted(
            MODEL,
            bootstrap,
            TOPIC,
            recordsPerPartition,
            ImageStream.FEATURE,
            classes,
            LeNet.class.getName(),
            plan.checkpointInterval().toMillis(),
            quoted(directory.resolve("checkpoints")),
            quoted(directory.resolve("models")),
            ANNOUNCEMENTS);
  }

  private static String quoted(Path path) {
    return "'" + path.toString().replace("'", "''") + "'";
  }
}
