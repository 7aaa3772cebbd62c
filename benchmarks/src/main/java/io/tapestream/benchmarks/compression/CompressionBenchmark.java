package io.tapestream.benchmarks.compression;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import io.tapestream.parameterserver.compression.Compression;
import io.tapestream.parameterserver.compression.Float16;
import io.tapestream.parameterserver.compression.None;
import io.tapestream.parameterserver.compression.Topk;
import io.tapestream.training.Scores;
import java.util.List;

/**
 * What each compression of gradients saves on the wire and costs in accuracy: the demo's LeNet on
 * its images, from three seeds, scored on the images that it never sees.
 */
public final class CompressionBenchmark implements Benchmark {
  private static final int TRAINING_IMAGES = 8_000;
  private static final int PASSES = 12;
  private static final List<Long> SEEDS = List.of(7L, 8L, 9L);
  private static final List<Compression> COMPRESSIONS =
      List.of(new None(), new Float16(), new Topk(0.1), new Topk(0.01));

  /** Makes the benchmark. */
  public CompressionBenchmark() {}

  @Override
  public String name() {
    return "compression";
  }

  @Override
  public String summary() {
    return "accuracy of LeNet under each compression of gradients, and the bytes that it saves";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    Images images = Images.shipped();
    List<Long> seeds = pace == Pace.FULL ? SEEDS : SEEDS.subList(0, 1);
    int passes = pace == Pace.FULL ? PASSES : 1;
    Report report = new Report();
    for (Compression compression : COMPRESSIONS) {
      double loss = 0;
      double mean = 0;
      double least = 1;
      double greatest = 0;
      double bytes = 0;
      for (long seed : seeds) {
        try (var training = new CompressedTraining(images, compression, seed)) {
          training.train(TRAINING_IMAGES, passes);
          Scores scores = training.heldOut(TRAINING_IMAGES);
          double accuracy = scores.metric("accuracy");
          loss += scores.loss() / seeds.size();
          mean += accuracy / seeds.size();
          least = Math.min(least, accuracy);
          greatest = Math.max(greatest, accuracy);
          bytes = training.bytesOverDense();
        }
      }
      report
          .row("compression", compression.toString())
          .with("bytes over dense", bytes)
          .with("accuracy %", 100 * mean)
          .with("least %", 100 * least)
          .with("greatest %", 100 * greatest)
          .with("loss", loss);
    }
    return report;
  }
}
