package io.tapestream.benchmarks.step;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Contestant;
import io.tapestream.benchmarks.Interleaved;
import io.tapestream.benchmarks.Interleaved.Speeds;
import io.tapestream.benchmarks.Interleaved.Step;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import io.tapestream.benchmarks.TimedFit;
import io.tapestream.benchmarks.Workload;
import io.tapestream.benchmarks.peers.DjlTrainer;
import java.util.LinkedHashMap;
import java.util.Map;

/** Both models' whole training step (forward, backward, Adam) on one thread beside DJL's. */
public final class StepBenchmark implements Benchmark {
  private static final int[] BATCHES = {256, 1024};
  private static final String US = "tapestream";
  private static final String DJL = "djl";

  /** Makes the benchmark. */
  public StepBenchmark() {}

  @Override
  public String name() {
    return "step";
  }

  @Override
  public String summary() {
    return "a training step of LeNet and of a perceptron, one thread, beside DJL's";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    Report report = new Report();
    for (Workload workload : Workload.values()) {
      for (int batch : BATCHES) {
        Speeds speeds = measure(pace.of(Interleaved.DEFAULT), workload, batch);
        report
            .row("model", workload.title())
            .with("batch", Integer.toString(batch))
            .with("records/s", speeds.median(US))
            .with("djl records/s", speeds.median(DJL))
            .with("over djl", speeds.ratio(US, DJL));
      }
    }
    return report;
  }

  private static Speeds measure(Interleaved pace, Workload workload, int batch) throws Exception {
    float[] features = workload.features(batch, 1);
    float[] labels = workload.labels(batch, 2);
    try (TimedFit fit = new TimedFit(workload, features, labels, batch);
        DjlTrainer djl = workload.djl()) {
      Map<String, Contestant> contestants = new LinkedHashMap<>();
      contestants.put(US, fit);
      Step step = () -> djl.step(features, labels, batch);
      contestants.put(DJL, step.each(batch));
      return pace.measure(contestants);
    }
  }
}
