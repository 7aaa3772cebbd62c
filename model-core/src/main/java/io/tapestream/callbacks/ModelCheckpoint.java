package io.tapestream.callbacks;

import io.tapestream.training.Callback;
import io.tapestream.training.Training;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Saves the model after each epoch, or after each that was the best so far; Keras's {@code
 * ModelCheckpoint}. {@code Model.load} reads what it wrote, and training goes on from there.
 */
public final class ModelCheckpoint implements Callback {
  private static final Pattern PLACE = Pattern.compile("\\{(\\w+)(?::(0\\d+d|\\.\\d+f))?}");

  /**
   * The settings.
   *
   * @param path of the file, with places for the epoch, counted from 1, and its values: {@code
   *     models/{epoch:02d}-{val_loss:.2f}.safetensors}. Without any, each save replaces the last
   * @param monitor the value that tells the best
   * @param saveBestOnly whether only an epoch is saved whose value is better than all before it
   */
  public record Settings(String path, Monitor monitor, boolean saveBestOnly) {}

  private final Settings settings;
  private double best;

  /** With these settings. */
  public ModelCheckpoint(Settings settings) {
    this.settings = settings;
    this.best = settings.monitor().worst();
  }

  /** Saves each epoch. */
  public ModelCheckpoint(String path) {
    this(new Settings(path, Monitor.of("loss"), false));
  }

  /** Saves each epoch that is the best so far by this value. */
  public static ModelCheckpoint ofBest(String path, String monitor) {
    return new ModelCheckpoint(new Settings(path, Monitor.of(monitor), true));
  }

  @Override
  public void onEpochEnd(Training training, int epoch, Map<String, Double> values) {
    if (settings.saveBestOnly()) {
      double value = settings.monitor().in(values);
      if (!settings.monitor().better(value, best, 0)) {
        return;
      }
      best = value;
    }
    Path file = Path.of(fill(settings.path(), epoch + 1, values));
    try {
      training.model().save(file);
    } catch (IOException e) {
      throw new UncheckedIOException("the model of epoch " + (epoch + 1) + " can't be saved", e);
    }
  }

  static String fill(String pattern, int epoch, Map<String, Double> values) {
    Matcher place = PLACE.matcher(pattern);
    StringBuilder filled = new StringBuilder();
    while (place.find()) {
      String name = place.group(1);
      String format = place.group(2);
      String text;
      if (name.equals("epoch")) {
        text = String.format(Locale.ROOT, "%" + (format == null ? "d" : format), epoch);
      } else if (values.containsKey(name)) {
        text = String.format(Locale.ROOT, "%" + (format == null ? "s" : format), values.get(name));
      } else {
        throw new IllegalArgumentException(
            "the path "
                + pattern
                + " has a place for \""
                + name
                + "\"; there are epoch and "
                + new TreeMap<>(values).keySet());
      }
      place.appendReplacement(filled, Matcher.quoteReplacement(text));
    }
    return place.appendTail(filled).toString();
  }
}
