package io.tapestream.training;

import io.tapestream.backend.Crew;
import io.tapestream.capture.CapturedStep;
import io.tapestream.clipping.Clipping;
import io.tapestream.layers.Context;
import io.tapestream.models.Model;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.strategies.MirroredStrategy;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model in memory: step, update, step, update. The optimizer's memory lasts from one run
 * to the next.
 */
@SuppressWarnings("try") // a crew's scope acts by being open
public final class Fit implements AutoCloseable {
  private final Model model;
  private final Optimizer optimizer;
  private final Objective objective;
  private final VectorUpdate update;
  private final int replicas;
  private long steps;
  private @Nullable TrainingStep single;
  private final ConcurrentLinkedDeque<PieceWorker> scorers = new ConcurrentLinkedDeque<>();

  /**
   * Training of a built model. What its layers say about being trainable counts from now on.
   *
   * @param goals one for each output of the model
   */
  public Fit(Model model, Optimizer optimizer, List<Goal> goals) {
    this.model = model;
    this.optimizer = optimizer;
    this.objective = new Objective(model.outputNames(), goals);
    this.update = new VectorUpdate(model, optimizer);
    this.replicas = MirroredStrategy.currentReplicas();
  }

  /** Trains on data that lies in memory. */
  public History run(Batch data, FitOptions options) {
    Validation validation = options.validation();
    Batch trained = data;
    Batch tried = validation.data();
    if (validation.share() > 0) {
      int cut = (int) (data.size() * (1 - validation.share()));
      if (cut == 0 || cut == data.size()) {
        throw new IllegalArgumentException(
            "of "
                + data.size()
                + " examples a share of "
                + validation.share()
                + " for validation leaves nothing on one side");
      }
      trained = data.slice(0, cut);
      tried = data.slice(cut, data.size());
    }
    Batch weighed = ClassWeights.apply(options.classWeights(), trained);
    try (Epochs epochs = new Epochs(weighed, options)) {
      return run(epochs, OptionalInt.of(epochs.batches()), tried, options);
    }
  }

  /**
   * Trains on batches as they come.
   *
   * @throws IllegalArgumentException if a share is to be kept for validation: there is no telling
   *     which batches are the last
   */
  public History run(Iterable<Batch> batches, FitOptions options) {
    if (options.validation().share() > 0) {
      throw new IllegalArgumentException(
          "a share for validation can't be kept of batches as they come; give validation data");
    }
    return run(
        options.classWeights().isEmpty()
            ? batches
            : () -> new Weighing(batches.iterator(), options.classWeights()),
        OptionalInt.empty(),
        options.validation().data(),
        options);
  }

  private History run(
      Iterable<Batch> batches, OptionalInt count, @Nullable Batch tried, FitOptions options) {
    Training training = new Training(model, options, count);
    List<Scores> epochs = new ArrayList<>();
    List<Scores> validated = new ArrayList<>();
    List<Callback> callbacks = options.callbacks();
    callbacks.forEach(c -> c.onTrainBegin(training));
    try (TrainingStep step = step(options.step())) {
      for (int epoch = options.initialEpoch();
          epoch < options.epochs() && !training.stopping();
          epoch++) {
        int number = epoch;
        callbacks.forEach(c -> c.onEpochBegin(training, number));
        Scores scores = epoch(training, step, batches);
        Map<String, Double> values = new LinkedHashMap<>(scores.values(""));
        epochs.add(scores);
        if (tried != null) {
          Scores validation = validate(tried, options.step());
          validated.add(validation);
          values.putAll(validation.values(History.VALIDATION));
        }
        callbacks.forEach(c -> c.onEpochEnd(training, number, values));
      }
    }
    callbacks.forEach(c -> c.onTrainEnd(training));
    return new History(options.initialEpoch(), epochs, validated);
  }

  private TrainingStep step(StepSettings settings) {
    DType dtype = model.parameters().values().dtype();
    if (dtype != DType.FLOAT32) {
      throw new IllegalStateException(
          "a model is trained in FLOAT32; this one is built in "
              + dtype
              + ", which is for checking gradients");
    }
    return new TrainingStep(
        model, objective, replicas == 1 ? settings : settings.mirrored(replicas), () -> 0);
  }

  private Scores epoch(Training training, TrainingStep step, Iterable<Batch> batches) {
    List<Callback> callbacks = training.options().callbacks();
    Totals totals = new Totals(objective);
    Iterator<Batch> all = batches.iterator();
    if (!all.hasNext()) {
      throw new IllegalArgumentException(
          "an epoch has no batch to train on; data that comes in batches gives a new iterator for"
              + " each epoch");
    }
    for (int i = 0; !training.stopping() && all.hasNext(); i++) {
      int number = i;
      Batch batch = all.next();
      callbacks.forEach(c -> c.onBatchBegin(training, number));
      boolean apart =
          update.takesRows()
              && callbacks.isEmpty()
              && training.options().clipping() == Clipping.NONE;
      StepResult result = apart ? step.runApart(batch, 0, steps++) : step.run(batch, 0, steps++);
      totals.add(result);
      if (!result.finite()) {
        dealWith(training, number, batch, result);
        continue;
      }
      apply(step, result, training.options().clipping(), apart);
      if (!callbacks.isEmpty()) {
        Map<String, Double> values = Scores.of(totals, objective).values("");
        callbacks.forEach(c -> c.onBatchEnd(training, number, values));
      }
    }
    return Scores.of(totals, objective);
  }

  private void dealWith(Training training, int number, Batch batch, StepResult result) {
    boolean dealtWith = false;
    for (Callback callback : training.options().callbacks()) {
      dealtWith |= callback.onNotFinite(training, number, result);
    }
    if (!dealtWith) {
      throw notFinite(batch, result, training.options().step());
    }
  }

  private ArithmeticException notFinite(Batch batch, StepResult result, StepSettings settings) {
    Context context = Context.training(settings.seed(), 0, steps - 1).proposingStatistics();
    return new ArithmeticException(
        "step "
            + (steps - 1)
            + " since compile has no finite gradient, and nothing was applied: "
            + NotFinite.where(model, batch, result, context));
  }

  /**
   * @param apart whether rows of tables lie apart
   */
  private void apply(TrainingStep step, StepResult result, Clipping clipping, boolean apart) {
    if (result.weightSum() == 0) {
      return;
    }
    try (Crew.Scope scope = step.crew().enter()) {
      double divisor = objective.mean() ? result.weightSum() : 1;
      clipping.clip(model.parameters(), divisor, result.gradientNorm());
      update.apply(divisor, steps - 1, apart ? step.gradient() : null);
      model.parameters().takeProposedStatistics();
    }
  }

  /** One step on a batch; its loss and metrics before the step. */
  public Scores trainOn(Batch batch) {
    StepSettings settings = StepSettings.of(0);
    if (single == null) {
      single = step(settings);
    }
    StepResult result = single.run(batch, 0, steps++);
    if (!result.finite()) {
      throw notFinite(batch, result, settings);
    }
    apply(single, result, Clipping.NONE, false);
    Totals totals = new Totals(objective);
    totals.add(result);
    return Scores.of(totals, objective);
  }

  /** Loss and metrics of the model as it is, in inference. */
  public Scores evaluate(Batch data) {
    return evaluate(List.of(data));
  }

  /** Loss and metrics over batches as they come. */
  public Scores evaluate(Iterable<Batch> batches) {
    PieceWorker worker = scorers.pollFirst();
    if (worker == null) {
      worker = scorer(Boolean.getBoolean(CapturedStep.EAGER));
    }
    try {
      return score(worker, batches);
    } finally {
      scorers.addFirst(worker);
    }
  }

  private PieceWorker scorer(boolean eagerly) {
    return new PieceWorker(model, objective, eagerly, () -> 0);
  }

  private Scores score(PieceWorker worker, Iterable<Batch> batches) {
    Totals totals = new Totals(objective);
    for (Batch data : batches) {
      for (int from = 0; from < data.size(); from += StepSettings.DEFAULT_PIECE_ROWS) {
        int to = Math.min(data.size(), from + StepSettings.DEFAULT_PIECE_ROWS);
        totals.add(worker.score(data, from, to));
      }
    }
    if (totals.examples == 0) {
      throw new IllegalArgumentException("there are no examples to evaluate the model on");
    }
    return Scores.of(totals, objective);
  }

  /** Loss and metrics after an epoch, eagerly where training is. */
  private Scores validate(Batch data, StepSettings settings) {
    if (!settings.eagerly()) {
      return evaluate(data);
    }
    try (PieceWorker worker = scorer(true)) {
      return score(worker, List.of(data));
    }
  }

  // What a saved model keeps

  /** The optimizer. */
  public Optimizer optimizer() {
    return optimizer;
  }

  /** Per output of the model, its goal. */
  public List<Goal> goals() {
    return objective.goals();
  }

  /** The optimizer's memory. */
  public VectorUpdate update() {
    return update;
  }

  /** Steps since compile, those that moved nothing included. */
  public long steps() {
    return steps;
  }

  /** Goes on from this step. */
  public void resume(long atStep) {
    steps = atStep;
  }

  /** Frees the memory that single steps and evaluations have used. */
  @Override
  public void close() {
    scorers.forEach(PieceWorker::close);
    scorers.clear();
    if (single != null) {
      single.close();
      single = null;
    }
  }

  /** Batches with their examples weighed by class; each is valid until the next is asked for. */
  private static final class Weighing implements Iterator<Batch> {
    private final Iterator<Batch> batches;
    private final Map<Integer, Double> byClass;
    private @Nullable Tensor last;

    Weighing(Iterator<Batch> batches, Map<Integer, Double> byClass) {
      this.batches = batches;
      this.byClass = byClass;
    }

    @Override
    public boolean hasNext() {
      return batches.hasNext();
    }

    @Override
    public Batch next() {
      if (last != null) {
        last.close();
      }
      Batch weighed = ClassWeights.apply(byClass, batches.next());
      last = weighed.weights();
      return weighed;
    }
  }
}
