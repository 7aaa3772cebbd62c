package io.tapestream.benchmarks.step;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Interleaved;
import io.tapestream.benchmarks.Interleaved.Speeds;
import io.tapestream.benchmarks.Report;
import io.tapestream.benchmarks.Workload;
import io.tapestream.benchmarks.peers.DjlTrainer;
import io.tapestream.models.Model;
import io.tapestream.optimizers.Adam;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.StepSettings;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Both models' whole training step (forward, backward, Adam) on one thread beside DJL's. */
public final class StepBenchmark implements Benchmark {
  private static final int[] BATCHES = {256, 1024};
  private static final int STEPS = 16; // of one call of fit
  private static final String US = "tapestream";
  private static final String DJL = "djl";

  @Override
  public String name() {
    return "step";
  }

  @Override
  public String summary() {
    return "a training step of LeNet and of a perceptron, one thread, beside DJL's";
  }

  @Override
  public Report run() throws Exception {
    Report report = new Report();
    for (Workload workload : Workload.values()) {
      for (int batch : BATCHES) {
        Speeds speeds = measure(workload, batch);
        report
            .row("model", workload.title())
            .with("batch", Integer.toString(batch))
            .with("records/s", speeds.median(US) * batch)
            .with("djl records/s", speeds.median(DJL) * batch)
            .with("over djl", speeds.ratio(US, DJL));
      }
    }
    return report;
  }

  private static Speeds measure(Workload workload, int batch) throws Exception {
    float[] features = workload.features(batch, 1);
    float[] labels = workload.labels(batch, 2);
    try (Model model = workload.model();
        DjlTrainer djl = workload.djl()) {
      model.build(workload.input(), 1);
      model.compile(new Adam(), workload.loss());
      Batch data =
          Batch.of(Tensor.of(features, batched(workload.input(), batch)), Tensor.of(labels, batch));
      FitOptions oneEpoch = FitOptions.of(batch, 1).withStep(StepSettings.of(1));
      List<Batch> steps = Collections.nCopies(STEPS, data);
      Map<String, Interleaved.Step> contestants = new LinkedHashMap<>();
      contestants.put(US, () -> model.fit(steps, oneEpoch));
      contestants.put(
          DJL,
          () -> {
            for (int i = 0; i < steps.size(); i++) {
              djl.step(features, labels, batch);
            }
          });
      Speeds speeds = Interleaved.DEFAULT.measure(contestants);
      Map<String, double[]> single = new LinkedHashMap<>();
      speeds
          .perTurn()
          .forEach(
              (who, turns) ->
                  single.put(who, Arrays.stream(turns).map(t -> t * steps.size()).toArray()));
      return new Speeds(single);
    }
  }

  private static int[] batched(Shape input, int batch) {
    int[] dims = new int[input.rank() + 1];
    dims[0] = batch;
    System.arraycopy(input.dims(), 0, dims, 1, input.rank());
    return dims;
  }
}
