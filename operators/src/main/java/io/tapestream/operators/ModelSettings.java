package io.tapestream.operators;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import io.tapestream.models.Model;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.specs.Specified;
import io.tapestream.specs.Specs;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The model and what is asked of it, as specifications ({@code {type, settings}} in JSON) that are
 * read on the task managers with Flink's user class loader, so that a job may bring its own
 * classes.
 *
 * @param name the name under which versions are published
 * @param modelJson the model's specification
 * @param lossJson the loss's specification
 * @param optimizerJson the optimizer's specification
 * @param metricJsons the metrics' specifications, in the order they are reported
 * @param seed of initial weights and random layers
 * @param pieceRows rows of a mini-batch that one worker computes at a time; part of what decides
 *     the bits of a gradient
 * @param threads workers that share a step's pieces; never changes a bit
 * @param start where a fresh job's weights come from; null for initial ones
 */
public record ModelSettings(
    String name,
    String modelJson,
    String lossJson,
    String optimizerJson,
    List<String> metricJsons,
    long seed,
    int pieceRows,
    int threads,
    @Nullable StartVersion start)
    implements Serializable {

  private static final ObjectMapper JSON = new ObjectMapper();

  public ModelSettings {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(modelJson, "modelJson");
    Objects.requireNonNull(lossJson, "lossJson");
    Objects.requireNonNull(optimizerJson, "optimizerJson");
    metricJsons = List.copyOf(metricJsons);
    if (pieceRows < 1 || threads < 1) {
      throw new IllegalArgumentException(
          "pieceRows and threads must be at least 1, not " + pieceRows + " and " + threads);
    }
  }

  /** Of a model that starts from initial weights. */
  public ModelSettings(
      String name,
      String modelJson,
      String lossJson,
      String optimizerJson,
      List<String> metricJsons,
      long seed,
      int pieceRows,
      int threads) {
    this(name, modelJson, lossJson, optimizerJson, metricJsons, seed, pieceRows, threads, null);
  }

  /** The same, started from a version's weights; from initial ones for null. */
  public ModelSettings startedFrom(@Nullable StartVersion version) {
    return new ModelSettings(
        name, modelJson, lossJson, optimizerJson, metricJsons, seed, pieceRows, threads, version);
  }

  /** The model, not built yet. */
  public Model model(ClassLoader userClasses) {
    return read(modelJson, Model.class, userClasses);
  }

  /** The loss. */
  public Loss loss(ClassLoader userClasses) {
    return read(lossJson, Loss.class, userClasses);
  }

  /** The optimizer. */
  public Optimizer optimizer(ClassLoader userClasses) {
    return read(optimizerJson, Optimizer.class, userClasses);
  }

  /** The metrics. */
  public List<Metric> metrics(ClassLoader userClasses) {
    return metricJsons.stream().map(json -> read(json, Metric.class, userClasses)).toList();
  }

  private static <T extends Specified> T read(String json, Class<T> kind, ClassLoader userClasses) {
    try {
      return Specs.read(JSON.readTree(json), kind, userClasses);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "the specification of the %s is no JSON: %s".formatted(kind.getSimpleName(), json), e);
    }
  }
}
