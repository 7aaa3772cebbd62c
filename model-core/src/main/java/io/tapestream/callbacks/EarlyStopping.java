package io.tapestream.callbacks;

import io.tapestream.tensor.Tensor;
import io.tapestream.training.Callback;
import io.tapestream.training.Training;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Ends a run when a value has not become better for some epochs; Keras's {@code EarlyStopping}.
 *
 * <pre>{@code
 * EarlyStopping stopping = new EarlyStopping(new EarlyStopping.Settings("val_loss", 3).restoring());
 * model.fit(data, FitOptions.of(32, 100).validatedOnLast(0.2).with(stopping));
 * }</pre>
 */
public final class EarlyStopping implements Callback {

  /**
   * The settings.
   *
   * @param monitor the value
   * @param minDelta by how much a value must be better to count as better, at least 0
   * @param patience epochs without a better value before the run ends
   * @param baseline a value that must be bettered for patience to begin anew; empty for none
   * @param restoreBestWeights whether the model gets the parameters of its best epoch back
   * @param startFromEpoch the first epoch whose value counts, from 0
   */
  public record Settings(
      Monitor monitor,
      double minDelta,
      int patience,
      OptionalDouble baseline,
      boolean restoreBestWeights,
      int startFromEpoch) {

    /** Checks the ranges stated above. */
    public Settings {
      if (!(minDelta >= 0) || patience < 0 || startFromEpoch < 0) {
        throw new IllegalArgumentException(
            "EarlyStopping: minDelta, patience and startFromEpoch must be at least 0, got "
                + minDelta
                + ", "
                + patience
                + " and "
                + startFromEpoch);
      }
    }

    /** Any better value counts, the last parameters stay. */
    public Settings(String monitor, int patience) {
      this(Monitor.of(monitor), 0, patience, OptionalDouble.empty(), false, 0);
    }

    /** The same, with the parameters of the best epoch in the end. */
    public Settings restoring() {
      return new Settings(monitor, minDelta, patience, baseline, true, startFromEpoch);
    }
  }

  private final Settings settings;
  private double best;
  private int bestEpoch;
  private int waited;
  private @Nullable Tensor bestWeights;

  /** With these settings. */
  public EarlyStopping(Settings settings) {
    this.settings = settings;
    this.best = settings.monitor().worst();
  }

  /** Any better value counts, the last parameters stay. */
  public EarlyStopping(String monitor, int patience) {
    this(new Settings(monitor, patience));
  }

  /** The best value of the last run. */
  public double best() {
    return best;
  }

  /** The epoch of the best value, from 0. */
  public int bestEpoch() {
    return bestEpoch;
  }

  @Override
  public void onTrainBegin(Training training) {
    best = settings.monitor().worst();
    bestEpoch = 0;
    waited = 0;
    forgetWeights();
  }

  @Override
  public void onEpochEnd(Training training, int epoch, Map<String, Double> values) {
    Monitor monitor = settings.monitor();
    double value = monitor.in(values);
    if (epoch < settings.startFromEpoch()) {
      return;
    }
    waited++;
    if (monitor.better(value, best, settings.minDelta())) {
      best = value;
      bestEpoch = epoch;
      keepWeights(training);
      if (settings.baseline().isEmpty()
          || monitor.better(value, settings.baseline().getAsDouble(), settings.minDelta())) {
        waited = 0;
      }
    } else if (bestWeights == null) {
      keepWeights(training);
    }
    if (waited > 0 && waited >= settings.patience()) {
      training.stop();
    }
  }

  @Override
  public void onTrainEnd(Training training) {
    if (bestWeights != null) {
      training.model().parameters().values().copyFrom(bestWeights);
    }
    forgetWeights();
  }

  private void keepWeights(Training training) {
    if (settings.restoreBestWeights()) {
      forgetWeights();
      bestWeights = training.model().parameters().values().copy();
    }
  }

  private void forgetWeights() {
    if (bestWeights != null) {
      bestWeights.close();
      bestWeights = null;
    }
  }
}
