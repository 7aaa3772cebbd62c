package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A model that answers with its input once it may, and until then tells that it was asked; it
 * breaks at {@link #BREAKS}.
 */
public final class WaitingModel implements VersionLoader {
  public static final float BREAKS = -1;

  public final CountDownLatch asked = new CountDownLatch(1);
  public final CountDownLatch go = new CountDownLatch(1);

  public ModelFollower follower(Path directory, FollowSettings settings) {
    return new ModelFollower(
        new VersionDirectory(directory, SumModel.NAME), this, settings, Clock.systemUTC());
  }

  @Override
  public ServedModel load(Manifest manifest, Path directory) {
    return new ServedModel() {
      @Override
      public List<TensorSpec> outputs() {
        return List.of(new TensorSpec("same", List.of(1)));
      }

      @Override
      public List<NamedValues> predict(float[] inputs, int rows) {
        if (inputs[0] == BREAKS) {
          throw new OutOfMemoryError("told to fail");
        }
        if (inputs[0] != 0) { // the warm-up
          asked.countDown();
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        }
        return List.of(new NamedValues("same", List.of(rows, inputs.length / rows), inputs));
      }

      @Override
      public void close() {}
    };
  }
}
