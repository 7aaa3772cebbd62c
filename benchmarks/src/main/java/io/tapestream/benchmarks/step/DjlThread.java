package io.tapestream.benchmarks.step;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.optimizer.Optimizer;
import io.tapestream.benchmarks.Contestant;
import io.tapestream.benchmarks.Interleaved.Step;
import io.tapestream.benchmarks.peers.DjlModels;
import io.tapestream.benchmarks.peers.DjlTrainer;
import io.tapestream.benchmarks.step.StepModel.Rule;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The one thread that DJL runs on: libtorch sets the number of its threads for the thread that
 * asks, and for no other library's.
 */
final class DjlThread implements AutoCloseable {
  private final ExecutorService thread = Executors.newSingleThreadExecutor();

  /** A model on DJL, trained on one batch over and over. */
  final class Trained implements Contestant, AutoCloseable {
    private final DjlTrainer trainer;
    private final Step step;

    private Trained(DjlTrainer trainer, Examples examples) {
      long[] ids = examples.ids().length == 0 ? null : examples.ids();
      this.trainer = trainer;
      this.step =
          () -> trainer.step(examples.numbers(), ids, examples.labels(), examples.labels().length);
    }

    @Override
    public double perSecond(Duration atLeast) throws Exception {
      return call(() -> step.perSecond(atLeast));
    }

    @Override
    public void close() {
      thread.execute(trainer::close);
    }
  }

  /** Lets libtorch use so many threads from now on. */
  void use(int threads) throws Exception {
    call(
        () -> {
          Engine engine = Engine.getEngine("PyTorch");
          JniUtils.setNumThreads(threads);
          return engine;
        });
  }

  Trained train(StepModel model, Rule rule, Examples examples) throws Exception {
    return call(
        () -> {
          Optimizer optimizer = rule == Rule.ADAM ? DjlModels.adam() : DjlModels.sgd();
          return new Trained(model.djl(optimizer), examples);
        });
  }

  private <T> T call(Callable<T> work) throws Exception {
    try {
      return thread.submit(work).get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("DJL has failed", e.getCause());
    }
  }

  @Override
  public void close() {
    thread.shutdown();
  }
}
