package io.tapestream.serving.follow;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.files.FileEntry;
import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.Signature;
import io.tapestream.files.VersionDirectory;
import io.tapestream.files.VersionVerifier;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A model that answers each example with the sum of its values and a bias, and knows how many of
 * its replicas are in memory.
 */
public final class SumModel implements VersionLoader {
  public static final String NAME = "sum";

  public final AtomicInteger open = new AtomicInteger();

  /** Publishes a version whose bias is its number. */
  public static Path publish(Path directory, long version, Signature signature) throws IOException {
    return publish(directory, version, signature, (float) version);
  }

  public static Path publish(Path directory, long version, Signature signature, float bias)
      throws IOException {
    VersionDirectory versions = new VersionDirectory(directory, NAME);
    Path target = Files.createDirectories(versions.path(version));
    Path weights = target.resolve(Manifest.WEIGHTS);
    SafeTensors.Floats values = SafeTensors.Floats.of(new float[] {bias}, 0);
    SafeTensors.write(
        weights, List.of(new SafeTensors.Named("bias", Shape.of(1), values)), Map.of());
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            NAME,
            version,
            "run",
            "job",
            version,
            Instant.parse("2026-11-23T08:00:00Z"),
            10 * version,
            1000 * version,
            Map.of("loss", 0.5),
            Map.of("numbers", Map.of(0, 100 * version)),
            Lineage.NONE,
            signature,
            JsonNodeFactory.instance.objectNode().put("type", "MeanSquaredError"),
            "test",
            List.of(FileEntry.of(weights)));
    Path unseen = Files.writeString(target.resolve(".manifest"), manifest.toJson());
    Files.move(unseen, target.resolve(Manifest.FILE));
    return target;
  }

  /** The signature of a model that takes examples of this shape as one feature. */
  public static Signature oneFeature(int... shape) {
    return new Signature(List.of("x"), Arrays.stream(shape).boxed().toList(), "float32", List.of());
  }

  /** A follower of this model that looks at the directory when it is told to. */
  public ModelFollower follower(Path directory) {
    return follower(directory, VersionVerifier.UNSIGNED);
  }

  /** The same, which takes the versions that the verifier lets pass. */
  public ModelFollower follower(Path directory, VersionVerifier verifier) {
    return new ModelFollower(
        new VersionDirectory(directory, NAME),
        this,
        FollowSettings.defaults().withThreads(2).withVerifier(verifier),
        Clock.systemUTC());
  }

  @Override
  public ServedModel load(Manifest manifest, Path directory) throws IOException {
    float bias = SafeTensors.read(directory.resolve(Manifest.WEIGHTS)).tensor("bias").toFloats()[0];
    open.incrementAndGet();
    return new ServedModel() {
      private volatile boolean closed;

      @Override
      public List<TensorSpec> outputs() {
        return List.of(new TensorSpec("sum", List.of(1)));
      }

      @Override
      public List<NamedValues> predict(float[] inputs, int rows) {
        float[] sums = new float[rows];
        for (int i = 0; i < inputs.length; i++) {
          sums[i / (inputs.length / rows)] += inputs[i];
        }
        for (int row = 0; row < rows; row++) {
          sums[row] += bias;
        }
        if (closed) {
          throw new IllegalStateException("used after it was closed");
        }
        return List.of(new NamedValues("sum", List.of(rows, 1), sums));
      }

      @Override
      public void close() {
        closed = true;
        open.decrementAndGet();
      }
    };
  }
}
