package io.tapestream.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.jobs.demo.LeNet;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.models.Model;
import io.tapestream.operators.InputSettings;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.ModelSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.PublishSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.ServerSettings;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.deadletters.DeadLetters;
import io.tapestream.operators.publish.Retention;
import io.tapestream.operators.publish.VersionSink;
import io.tapestream.operators.source.GatedKafkaSource;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.consistency.Bounded;
import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.runtime.jobgraph.topology.DefaultLogicalTopology;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingJobTest {
  private static final ClassLoader CLASSES = TrainingJobTest.class.getClassLoader();

  @TempDir private Path directory;
  private TrainingSettings settings;
  private Configuration runtime;
  private TrainingJob.Ends ends;

  @BeforeEach
  void specify() throws InvalidSpecException {
    specify(new Synchronous());
  }

  private void specify(Consistency consistency) throws InvalidSpecException {
    try (Model model = new LeNet()) {
      ModelSettings modelSettings =
          new ModelSettings(
              "fashion",
              "{\"type\":\"" + LeNet.class.getName() + "\"}",
              "{\"type\":\"SparseCategoricalCrossEntropy\",\"settings\":{\"fromLogits\":true}}",
              "\"Adam\"",
              List.of("\"SparseCategoricalAccuracy\""),
              1,
              128,
              1);
      InputSettings input =
          new InputSettings(RecordFormat.AVRO, List.of("image"), List.of(28, 28, 1), 1);
      model.build(input.modelShape(), 1);
      KafkaSettings kafka = new KafkaSettings("localhost:9092", Map.of());
      VirtualWorkers workers =
          VirtualWorkers.of(
              List.of(new TopicPartition("images", 0), new TopicPartition("images", 1)),
              Map.of("images", "an-id"));
      settings =
          new TrainingSettings(
              modelSettings,
              input,
              new SourceSettings(
                  kafka,
                  workers,
                  32,
                  new OffsetPolicy.Earliest(),
                  new OffsetPolicy.Unbounded(),
                  null),
              new ServerSettings(
                  consistency,
                  BlockLayout.ofElements(
                      model.parameters().trainedSize(), model.parameters().size(), 16_384)),
              new PublishSettings(directory.toString(), "run", 1, List.of(), null),
              "images.dead-letters");
      ends =
          new TrainingJob.Ends(
              new GatedKafkaSource(settings),
              VersionSink.of(settings, model.parameters(), CLASSES, Retention.DEFAULT),
              DeadLetters.sink(kafka, "images.dead-letters"));
    }
    runtime =
        JobRuntime.of(
            JobSpec.parse(
                """
                name: fashion
                source: {bootstrap: localhost:9092, topic: images}
                input: {features: [image], shape: [28, 28, 1]}
                model: {class: io.tapestream.jobs.demo.LeNet}
                loss: SparseCategoricalCrossEntropy
                publish: {directory: models}
                """,
                "job.yaml"));
  }

  private StreamGraph graph() {
    return graph(StreamExecutionEnvironment.getExecutionEnvironment(runtime));
  }

  private StreamGraph graph(StreamExecutionEnvironment env) {
    TrainingJob.build(env, settings, new TrainingJob.Shape(List.of("accuracy"), 2, 3, 64), ends);
    return env.getStreamGraph();
  }

  @Test
  void theEffectiveBatchIsThatOfARoundAndOfAStep() throws Exception {
    try (Model model = new LeNet()) {
      assertThat(new Submission(settings, model, List.of()).effectiveBatch())
          .isEqualTo("2 partitions × 32 = 64 examples a round");
      specify(new Bounded(4));
      assertThat(new Submission(settings, model, List.of()).effectiveBatch())
          .isEqualTo("2 partitions × 32 = 64 examples a round, 2 steps of 32 (bounded(4))");
    }
  }

  @Test
  void everyOperatorThatKeepsStateHasAUidOfItsOwn() {
    runtime.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
    assertThatCode(() -> graph().getJobGraph(CLASSES, null)).doesNotThrowAnyException();
  }

  @Test
  void r10OneFailureRestartsEveryTaskTogether() {
    JobGraph graph = graph().getJobGraph(CLASSES, null);
    List<Object> regions = new ArrayList<>();
    DefaultLogicalTopology.fromJobGraph(graph).getAllPipelinedRegions().forEach(regions::add);
    assertThat(regions).hasSize(1);
  }

  @Test
  void r1TheTrainerIsChainedToTheSourceSoThatABatchAndItsPositionAreOneAction() {
    JobGraph graph = graph().getJobGraph(CLASSES, null);
    assertThat(vertex(graph, "Train")).isSameAs(vertex(graph, "Batches"));
  }

  @Test
  void r18NothingIsChainedToTheServer() {
    JobVertex server = vertex(graph().getJobGraph(CLASSES, null), "Parameter server");
    assertThat(server.getName()).isEqualTo("Parameter server");
  }

  @Test
  void r11TrainersAndWeightReturnShareTheirSlotsAndTheirParallelism() {
    JobGraph graph = graph().getJobGraph(CLASSES, null);
    JobVertex trainers = vertex(graph, "Train");
    JobVertex weights = vertex(graph, "Weights");
    assertThat(trainers.getCoLocationGroup()).isNotNull().isSameAs(weights.getCoLocationGroup());
    assertThat(trainers.getSlotSharingGroup()).isSameAs(weights.getSlotSharingGroup());
    assertThat(trainers.getParallelism()).isEqualTo(2);
    assertThat(weights.getParallelism()).isEqualTo(2);
  }

  @Test
  void r12TheServersMaximumParallelismIsFixedByTheJob() {
    StreamNode server =
        graph().getStreamNodes().stream()
            .filter(node -> node.getOperatorName().equals("Parameter server"))
            .findFirst()
            .orElseThrow();
    assertThat(server.getParallelism()).isEqualTo(3);
    assertThat(server.getMaxParallelism()).isEqualTo(64);
  }

  @Test
  void r8CheckpointsThatWouldCutShardsAtDifferentRoundsAreRefused() {
    assertThatCode(this::graph).doesNotThrowAnyException();
    refused(
        CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE.key(),
        change ->
            change.set(
                CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE,
                CheckpointingMode.AT_LEAST_ONCE));
    refused(
        CheckpointingOptions.ENABLE_UNALIGNED.key(),
        change -> change.set(CheckpointingOptions.ENABLE_UNALIGNED, true));
    refused(
        CheckpointingOptions.ALIGNED_CHECKPOINT_TIMEOUT.key(),
        change ->
            change.set(CheckpointingOptions.ALIGNED_CHECKPOINT_TIMEOUT, Duration.ofSeconds(5)));
    refused(
        CheckpointingOptions.CHECKPOINTING_INTERVAL.key(),
        change -> change.removeConfig(CheckpointingOptions.CHECKPOINTING_INTERVAL));
  }

  @Test
  void r8WhatAProgramSetsOnItsEnvironmentIsSeenToo() {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(runtime);
    env.getCheckpointConfig().enableUnalignedCheckpoints();
    assertThatThrownBy(() -> graph(env))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(CheckpointingOptions.ENABLE_UNALIGNED.key());
  }

  private void refused(String key, Consumer<Configuration> change) {
    Configuration good = runtime.clone();
    change.accept(runtime);
    assertThatThrownBy(this::graph)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(key);
    runtime = good;
  }

  private static JobVertex vertex(JobGraph graph, String name) {
    for (JobVertex vertex : graph.getVertices()) {
      if (vertex.getName().contains(name)) {
        return vertex;
      }
    }
    throw new AssertionError("no vertex " + name);
  }
}
