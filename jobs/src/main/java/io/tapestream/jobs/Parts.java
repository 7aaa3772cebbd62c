package io.tapestream.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import io.tapestream.files.Manifest;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.jobs.spec.Problem;
import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.onnx.OnnxExport;
import io.tapestream.operators.StartVersion;
import io.tapestream.operators.metrics.Measure;
import io.tapestream.operators.storage.Storage;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Step;
import io.tapestream.specs.Specified;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a specification names, made: its classes loaded, their settings checked, the model built,
 * and each fitting the others. All mistakes are found before one is reported.
 *
 * @param model built for the job's input, with the weights that training starts from
 * @param metrics those that belong to the loss
 * @param start the version that the weights are from; null for initial ones
 */
record Parts(
    Model model, Loss loss, Optimizer optimizer, List<Metric> metrics, @Nullable Manifest start) {

  /**
   * Makes the parts.
   *
   * @param loader finds the user's classes
   * @throws InvalidSpecException listing every mistake with its line, its key and the fix
   */
  static Parts of(JobSpec spec, ClassLoader loader) throws InvalidSpecException {
    return new Maker(spec, loader).make();
  }

  private static final class Maker {
    /** What the parameter server shows beside the job's metrics. */
    private static final Set<String> OWN =
        Set.of(
            Measure.ROUND.title(),
            Measure.ROUNDS_PER_SECOND.title(),
            Measure.RECORDS.title(),
            Measure.LOSS.title());

    private final JobSpec spec;
    private final ClassLoader loader;
    private final List<Problem> problems = new ArrayList<>();

    Maker(JobSpec spec, ClassLoader loader) {
      this.spec = spec;
      this.loader = loader;
    }

    Parts make() throws InvalidSpecException {
      String fix = "Name a type that there is, with settings that it has";
      Optional<Model> model = attempt("model", fix, () -> read(spec.model(), Model.class));
      Optional<Loss> loss = attempt("loss", fix, () -> read(spec.loss(), Loss.class));
      Optional<Optimizer> optimizer =
          attempt("optimizer", fix, () -> read(spec.optimizer(), Optimizer.class));
      List<Metric> metrics = new ArrayList<>();
      for (JsonNode node : spec.metrics()) {
        Optional<Metric> metric = attempt("metrics", fix, () -> read(node, Metric.class));
        if (metric.isPresent() && loss.isPresent()) {
          attempt(
                  "metrics",
                  "Name a metric that goes with the loss",
                  () -> forJob(metric.get().forLoss(loss.get()), metrics))
              .ifPresent(metrics::add);
        }
      }
      boolean built = model.isPresent() && build(model.get());
      if (built && loss.isPresent()) {
        attempt(
            "loss",
            "Give the model's last layer, the loss and input.labels shapes that fit",
            () -> tryOut(model.get(), loss.get()));
      }
      if (built && optimizer.isPresent()) {
        attempt(
            "optimizer",
            "Take one that leaves weights without a gradient alone, such as Adam",
            () -> tryOut(model.get(), optimizer.get()));
      }
      if (built && spec.publish().onnx()) {
        attempt(
            "publish.onnx",
            "Leave it out",
            () -> {
              OnnxExport.check(model.get());
              return model;
            });
      }
      String directory = spec.start();
      Optional<Manifest> start =
          built && directory != null
              ? attempt(
                  "model.start",
                  "Name the directory of a version of this model, for example"
                      + " models/clicks/00000007",
                  () -> startFrom(Storage.path(directory), model.get()))
              : Optional.empty();
      if (!problems.isEmpty()) {
        throw spec.lines().mistakes(problems);
      }
      return new Parts(
          model.orElseThrow(),
          loss.orElseThrow(),
          optimizer.orElseThrow(),
          List.copyOf(metrics),
          start.orElse(null));
    }

    private boolean build(Model model) {
      return attempt(
              "input.shape",
              "Give the shape of one example, without the batch, or change the model",
              () -> {
                model.build(shape(), spec.seed());
                return model;
              })
          .isPresent();
    }

    /** Reports of a job carry one mean for each metric, and show it by its name. */
    private static Metric forJob(Metric metric, List<Metric> others) {
      String name = metric.name();
      if (others.stream().anyMatch(other -> other.name().equals(name))) {
        throw new IllegalArgumentException(
            "\"%s\" is there twice, and a job shows each by its name; leave one out"
                .formatted(name));
      }
      if (OWN.contains(name)) {
        throw new IllegalArgumentException(
            "a metric is called \"%s\", as one that every job shows; give it another name"
                .formatted(name));
      }
      if (metric.pairs() != 1) {
        throw new IllegalArgumentException(
            "\"%s\" is not a mean over examples, which is what a job reports; measure it in memory, with evaluate on a published version"
                .formatted(metric.name()));
      }
      return metric;
    }

    private Manifest startFrom(Path version, Model model) {
      try {
        Manifest manifest = Manifest.read(version);
        List<String> features = manifest.signature().features();
        List<Integer> shape = manifest.signature().inputShape();
        if (!features.equals(spec.input().features()) || !shape.equals(spec.input().shape())) {
          throw new IllegalArgumentException(
              "%s takes %s of shape %s, this job's input is %s of shape %s"
                  .formatted(
                      version, features, shape, spec.input().features(), spec.input().shape()));
        }
        new StartVersion(version.toString(), 0, 0).load(model);
        return manifest;
      } catch (IOException e) {
        throw new IllegalArgumentException(e.getMessage(), e);
      }
    }

    private Shape shape() {
      return Shape.of(spec.input().shape().stream().mapToInt(Integer::intValue).toArray());
    }

    /** One example of zeros tells whether predictions and labels fit the loss. */
    private Loss tryOut(Model model, Loss loss) {
      int labels = spec.input().labels();
      try (Tensor predictions = Tensor.zeros(DType.FLOAT32, model.outputShape().prepend(1));
          Tensor label =
              Tensor.zeros(DType.FLOAT32, labels > 1 ? Shape.of(1, labels) : Shape.of(1));
          Tensor tried = loss.perExample(predictions, label)) {
        return tried.size() == 1 ? loss : refuse(tried);
      }
    }

    /** The server steps every weight: what is frozen has no gradient, and must stay for that. */
    private static Optimizer tryOut(Model model, Optimizer optimizer) {
      List<ParameterVector.Entry> frozen = new ArrayList<>(model.parameters().trainedEntries());
      frozen.removeAll(model.trainableEntries());
      float[] weights = {0.5f, -2};
      float[][] slots = optimizer.newSlots(weights.length);
      for (long n = 1; n <= 2; n++) {
        optimizer.update(weights, new float[2], slots, 0, weights.length, Step.of(n));
      }
      if (!frozen.isEmpty() && (weights[0] != 0.5f || weights[1] != -2)) {
        throw new IllegalArgumentException(
            "%s moves weights that have no gradient, and %s is frozen"
                .formatted(optimizer.getClass().getSimpleName(), frozen.get(0).name()));
      }
      return optimizer;
    }

    private static Loss refuse(Tensor tried) {
      throw new IllegalArgumentException(
          "it gives " + tried.shape() + " for one example, where one number is expected");
    }

    private <T extends Specified> T read(JsonNode node, Class<T> kind) {
      return Specs.read(node, kind, loader);
    }

    private <T> Optional<T> attempt(String key, String fix, Supplier<T> make) {
      try {
        return Optional.of(make.get());
      } catch (IllegalArgumentException | IllegalStateException e) {
        String[] message = String.valueOf(e.getMessage()).split("; ", 2);
        problems.add(
            spec.lines()
                .problem(key, message[0], message.length == 2 ? capitalised(message[1]) : fix));
        return Optional.empty();
      }
    }

    private static String capitalised(String text) {
      return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }
  }
}
