package io.tapestream.benchmarks.step;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Contestant;
import io.tapestream.benchmarks.Interleaved;
import io.tapestream.benchmarks.Interleaved.Speeds;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import io.tapestream.benchmarks.TimedFit;
import io.tapestream.benchmarks.peers.TorchStep;
import io.tapestream.benchmarks.step.StepModel.Rule;
import io.tapestream.training.StepSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** Whole training steps (forward, backward, update) beside those of the peers. */
public final class StepBenchmark implements Benchmark {
  private static final int[] THREADS = {1, 2};
  private static final String CAPTURED = "captured";
  private static final String EAGER = "eager";
  private static final String DJL = "djl";
  private static final String TORCH = "torch";
  private static final String DL4J = "dl4j";

  /** Makes the benchmark. */
  public StepBenchmark() {}

  /** What is compared in one go. */
  private record Row(StepModel model, Rule rule, int batch, int threads) {

    String update() {
      return rule.name().toLowerCase(Locale.ROOT);
    }

    /** What {@code --only} may name it by. */
    List<String> words() {
      return List.of(
          model.title(), update(), Integer.toString(batch), threads == 1 ? "one" : "two");
    }
  }

  @Override
  public String name() {
    return "step";
  }

  @Override
  public String summary() {
    return "a training step of five models beside DJL's, PyTorch's and Deeplearning4j's";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    return run(pace, 1, List.of());
  }

  @Override
  public Report run(Pace pace, long seed, List<String> only) throws Exception {
    Optional<String> python = TorchStep.python();
    if (python.isEmpty()) {
      System.err.println("no Python with PyTorch is here: its column stays empty");
    }
    Report report = new Report();
    try (DjlThread djl = new DjlThread()) {
      for (Row row : rows(only)) {
        System.err.println(row);
        djl.use(row.threads());
        add(report, row, measure(pace.of(Interleaved.DEFAULT), row, python, djl));
      }
    }
    return report;
  }

  private static List<Row> rows(List<String> only) {
    List<Row> rows = new ArrayList<>();
    for (int threads : THREADS) {
      for (StepModel model : StepModel.values()) {
        for (Rule rule : model.rules()) {
          for (int batch : model.batches()) {
            Row row = new Row(model, rule, batch, threads);
            if (row.words().containsAll(only)) {
              rows.add(row);
            }
          }
        }
      }
    }
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(
          "no row has all of %s: rows have a model (mlp, lenet, …), sgd or adam, a batch, one or two"
              .formatted(only));
    }
    return rows;
  }

  private static Speeds measure(
      Interleaved pace, Row row, Optional<String> python, DjlThread djlThread) throws Exception {
    Examples examples = Examples.of(row.model(), row.batch());
    StepSettings settings = StepSettings.of(1).withThreads(row.threads());
    try (TimedFit captured = TapestreamStep.of(row.model(), row.rule(), examples, settings);
        TimedFit eager =
            TapestreamStep.of(row.model(), row.rule(), examples, settings.runEagerly());
        DjlThread.Trained djl = djlThread.train(row.model(), row.rule(), examples);
        Closing torch = new Closing(torch(row, python))) {
      Map<String, Contestant> contestants = new LinkedHashMap<>();
      contestants.put(CAPTURED, atLeast -> captured.perSecond(atLeast) / row.batch());
      contestants.put(EAGER, atLeast -> eager.perSecond(atLeast) / row.batch());
      contestants.put(DJL, djl);
      torch.step().ifPresent(step -> contestants.put(TORCH, step));
      if (row.threads() == 1) { // it has no number of threads of its own
        contestants.put(DL4J, new Dl4jStep(row.model(), row.rule(), examples));
      }
      return pace.measure(contestants);
    }
  }

  private static Optional<TorchStep> torch(Row row, Optional<String> python) throws Exception {
    return python.isEmpty()
        ? Optional.empty()
        : Optional.of(
            TorchStep.start(
                python.get(), row.model().title(), row.update(), row.batch(), row.threads()));
  }

  /** Closes what may be there. */
  private record Closing(Optional<TorchStep> step) implements AutoCloseable {
    @Override
    public void close() {
      step.ifPresent(TorchStep::close);
    }
  }

  private static void add(Report report, Row row, Speeds speeds) {
    Report.Row told =
        report
            .row("model", row.model().title())
            .with("update", row.update())
            .with("batch", Integer.toString(row.batch()))
            .with("threads", Integer.toString(row.threads()));
    told.with("captured steps/s", speeds.median(CAPTURED));
    told.with("eager steps/s", speeds.median(EAGER));
    for (String peer : List.of(DJL, TORCH, DL4J)) {
      told.with(peer + " steps/s", of(speeds, peer, speeds::median));
    }
    for (String peer : List.of(DJL, TORCH, DL4J)) {
      told.with("captured over " + peer, of(speeds, peer, p -> speeds.ratio(CAPTURED, p)));
    }
    double eager = Double.NaN;
    for (String peer : List.of(DJL, TORCH)) {
      double over = of(speeds, peer, p -> speeds.ratio(EAGER, p));
      eager = Double.isNaN(eager) || over < eager ? over : eager;
    }
    told.with("eager over the faster", eager);
  }

  /** A figure about a peer; NaN if it has not run. */
  private static double of(Speeds speeds, String peer, ToDoubleFunction<String> figure) {
    return speeds.perTurn().containsKey(peer) ? figure.applyAsDouble(peer) : Double.NaN;
  }
}
