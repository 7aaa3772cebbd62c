package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** A model with two outputs: {@code sum} of an example's values, and {@code twice} each of them. */
public final class TwoHeadsModel implements VersionLoader {

  /** A follower of versions that {@link SumModel} has published. */
  public static ModelFollower follower(Path directory) {
    return new ModelFollower(
        new VersionDirectory(directory, SumModel.NAME),
        new TwoHeadsModel(),
        FollowSettings.defaults(),
        Clock.systemUTC());
  }

  @Override
  public ServedModel load(Manifest manifest, Path directory) {
    int width = manifest.signature().inputSize();
    return new ServedModel() {
      @Override
      public List<TensorSpec> outputs() {
        return List.of(new TensorSpec("sum", List.of()), new TensorSpec("twice", List.of(width)));
      }

      @Override
      public List<NamedValues> predict(float[] inputs, int rows) {
        float[] sums = new float[rows];
        float[] twice = new float[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
          sums[i / width] += inputs[i];
          twice[i] = 2 * inputs[i];
        }
        return List.of(
            new NamedValues("sum", List.of(rows), sums),
            new NamedValues("twice", List.of(rows, width), twice));
      }

      @Override
      public void close() {}
    };
  }
}
