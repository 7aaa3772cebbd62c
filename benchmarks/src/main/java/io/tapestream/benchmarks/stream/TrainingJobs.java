package io.tapestream.benchmarks.stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.benchmarks.Workload;
import io.tapestream.jobs.FlinkCluster;
import io.tapestream.jobs.JobRuntime;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.TrainingJob;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.models.Model;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.specs.Specs;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Submits the main job with a specification's defaults for what a benchmark does not ask. */
final class TrainingJobs {
  private final FlinkCluster flink;
  private final Path directory;

  /**
   * @param directory for versions and checkpoints
   */
  TrainingJobs(FlinkCluster flink, Path directory) {
    this.flink = flink;
    this.directory = directory;
  }

  /**
   * What is trained, and how.
   *
   * @param model makes the model, not built yet
   * @param batch examples in a mini-batch of one partition
   * @param shards of the parameter server
   * @param blockFloats parameters in a block
   * @param checkpoints time between two, each of which publishes a version
   */
  record Shape(
      Workload workload,
      Supplier<Model> model,
      Optimizer optimizer,
      int batch,
      int shards,
      int blockFloats,
      Duration checkpoints) {

    /** The workload as the other benchmarks train it, with one shard. */
    static Shape of(Workload workload, int batch) {
      return new Shape(
          workload,
          workload::model,
          new Adam(),
          batch,
          1,
          BlockLayout.DEFAULT_BLOCK_FLOATS,
          Duration.ofSeconds(1));
    }
  }

  /** Reads all partitions from their first record, a trainer for each. */
  JobClient submit(Shape shape, Topic topic) throws Exception {
    ClassLoader loader = TrainingJobs.class.getClassLoader();
    JobSpec spec = spec(shape, topic);
    Submission submission = Submission.of(spec, loader);
    try {
      StreamExecutionEnvironment env =
          StreamExecutionEnvironment.getExecutionEnvironment(JobRuntime.of(spec));
      TrainingJob.build(env, spec, submission, loader);
      return flink.submit(env, spec.name(), List.of());
    } finally {
      submission.model().close();
    }
  }

  /** A job file in JSON, which is YAML too: what it leaves out has its default. */
  private JobSpec spec(Shape shape, Topic topic) throws InvalidSpecException {
    ObjectNode file = JsonNodeFactory.instance.objectNode().put("name", topic.name());
    file.putObject("source").put("bootstrap", topic.bootstrap()).put("topic", topic.name());
    ObjectNode input = file.putObject("input");
    input.putArray("features").add(Workload.FEATURE);
    ArrayNode dims = input.putArray("shape");
    for (int dim : shape.workload().input().dims()) {
      dims.add(dim);
    }
    try (Model model = shape.model().get()) {
      file.putObject("model").set("layers", inline(Specs.toJson(model).at("/settings/layers")));
    }
    file.set("loss", inline(Specs.toJson(shape.workload().loss())));
    file.set("optimizer", inline(Specs.toJson(shape.optimizer())));
    file.put("batchSize", shape.batch());
    file.putObject("parallelism")
        .put("trainers", topic.partitions())
        .put("shards", shape.shards())
        .put("blockFloats", shape.blockFloats());
    file.putObject("checkpoints")
        .put("interval", shape.checkpoints().toSeconds() + " s")
        .put("directory", directory.resolve("checkpoints").toString());
    file.putObject("restart").put("attempts", 0);
    file.putObject("publish").put("directory", directory.resolve("models").toString());
    return JobSpec.parse(file.toString(), "the benchmark's job");
  }

  /** A job file names a component's settings beside its type. */
  private static JsonNode inline(JsonNode component) {
    if (component.isArray()) {
      ArrayNode each = JsonNodeFactory.instance.arrayNode();
      component.forEach(element -> each.add(inline(element)));
      return each;
    }
    if (!component.isObject()) {
      return component;
    }
    ObjectNode inlined = JsonNodeFactory.instance.objectNode();
    inlined.set("type", component.get("type"));
    component
        .path("settings")
        .properties()
        .forEach(setting -> inlined.set(setting.getKey(), inline(setting.getValue())));
    return inlined;
  }
}
