package io.tapestream.operators.publish;

import static io.tapestream.operators.publish.Staging.stage;
import static io.tapestream.operators.publish.Staging.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.Course;
import io.tapestream.files.FileEntry;
import io.tapestream.files.Manifest;
import io.tapestream.files.Provenance;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.Software;
import io.tapestream.files.TensorSignature;
import io.tapestream.files.VersionWeights;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.models.Model;
import io.tapestream.operators.server.BlockSnapshot;
import io.tapestream.ops.Scale;
import io.tapestream.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import onnx.Onnx.ModelProto;
import onnx.Onnx.TensorProto;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VersionAssemblerTest {
  @TempDir Path directory;
  private PublishingPlan plan;
  private final Counter givenUp = new SimpleCounter();
  private VersionAssembler assembler;

  @BeforeEach
  void plan() {
    plan = TestPlan.plan(directory);
    assembler =
        new VersionAssembler(
            plan, "job", Clock.systemUTC(), givenUp, VersionAssemblerTest.class.getClassLoader());
  }

  @Test
  void theBlocksOfAllShardsBecomeTheModelsNamedTensors() throws IOException {
    assertThat(assembler.add(stage(plan, 4, 10, 2, 0), 4)).isEmpty();
    PendingVersion version = assembler.add(stage(plan, 4, 10, 1), 4).orElseThrow();

    Path files = plan.pendingFiles().resolve(version.directory());
    SafeTensors.Contents weights = SafeTensors.read(files.resolve(Manifest.WEIGHTS));
    assertThat(weights.tensor("dense/kernel").shape()).hasToString("(2, 3)");
    assertThat(weights.tensor("dense/kernel").toFloats()).containsExactly(10, 11, 12, 13, 14, 15);
    assertThat(weights.tensor("dense/bias").toFloats()).containsExactly(16);
    assertThat(weights.metadata())
        .containsEntry("run", TestPlan.RUN)
        .containsEntry("checkpoint", "4");
    assertThat(files.resolve(Manifest.MODEL)).hasContent("{\"type\": \"Sequential\"}");
  }

  @Test
  void weightsThatAreLargerThanAFileMayBeLieInSeveralWithAnIndex() throws IOException {
    plan = TestPlan.plan(directory, TestPlan.RUN, 24);
    PendingVersion version = Staging.pend(plan, 4, 10);
    Path files = plan.pendingFiles().resolve(version.directory());

    assertThat(version.draft().files())
        .extracting(FileEntry::name)
        .containsExactly(
            "model.json",
            "weights-00001-of-00002.safetensors",
            "weights-00002-of-00002.safetensors",
            "weights.safetensors.index.json");
    version.draft().verify(files);
    assertThat(version.draft().signature().outputs())
        .containsExactly(new TensorSignature("output", "float32", List.of(-1, 3)));
    assertThat(version.draft().provenance())
        .isEqualTo(new Provenance("0123456789abcdef".repeat(4), Software.name(), null));
    SafeTensors.Contents weights = VersionWeights.read(files, version.draft());
    assertThat(weights.flat()).containsExactly(TestPlan.vector(10));
    assertThat(weights.metadata()).containsEntry("round", "10");
  }

  @Test
  void i4TheDraftListsOffsetsRoundMetricsFeaturesAndAHashOfEveryFile() throws IOException {
    PendingVersion version = Staging.pend(plan, 4, 10);
    Manifest draft = version.draft();

    assertThat(draft.version()).isEqualTo(Manifest.UNNUMBERED);
    assertThat(draft.hasIdentity(TestPlan.RUN, 4)).isTrue();
    assertThat(draft.topics()).isEqualTo(Map.of("numbers", Map.of(0, 80L, 1, 81L)));
    assertThat(draft.round()).isEqualTo(10);
    assertThat(draft.records()).isEqualTo(160);
    assertThat(draft.metrics()).isEqualTo(Map.of("loss", 0.5, "accuracy", 0.75));
    assertThat(draft.signature().features()).containsExactly("a", "b");
    assertThat(draft.processor()).isNotBlank();
    draft.verify(plan.pendingFiles().resolve(version.directory()));
  }

  @Test
  void i2DecisionsThatDependOnTheTimeAreListedAsAFileAndOnlyThen() throws IOException {
    assertThat(Staging.pend(plan, 3, 9).draft().files())
        .extracting(FileEntry::name)
        .containsExactly("model.json", "weights.safetensors");

    Course full = new Course(10, 10, false, List.of(new Course.Run(0, 0, 8)), List.of());
    Course skipped = new Course(4, 10, false, List.of(new Course.Run(0, 6, 8)), List.of());
    StagedShard first = stage(plan, 4, 10, 0);
    assembler.add(
        new StagedShard(
            first.file(),
            first.cut(),
            false,
            first.metrics(),
            List.of(full, skipped),
            first.pieces()),
        4);
    PendingVersion version = assembler.add(stage(plan, 4, 10, 1, 2), 4).orElseThrow();

    Path files = plan.pendingFiles().resolve(version.directory());
    version.draft().verify(files);
    assertThat(version.draft().files()).extracting(FileEntry::name).contains("schedule.json");
    assertThat(files.resolve(RecordedSchedule.FILE))
        .hasContent(
            new RecordedSchedule(1, 10, Map.of("numbers", Map.of(0, full, 1, skipped))).toJson());
  }

  @Test
  void aVersionHasItsModelAsOnnxWhereTheJobAsksForIt() throws IOException {
    PublishingPlan asked = TestPlan.planWithOnnx(directory);
    PendingVersion version = Staging.pend(asked, 4, 10);

    Path files = asked.pendingFiles().resolve(version.directory());
    version.draft().verify(files);
    assertThat(version.draft().files())
        .extracting(FileEntry::name)
        .containsExactly("model.json", "weights.safetensors", "model.onnx");
    ModelProto onnx = ModelProto.parseFrom(Files.readAllBytes(files.resolve("model.onnx")));
    assertThat(onnx.getDocString()).isEqualTo(TestPlan.MODEL);
    assertThat(onnx.getMetadataPropsList().stream().map(p -> p.getKey() + " " + p.getValue()))
        .containsExactly("checkpoint 4", "round 10", "run " + TestPlan.RUN);
    assertThat(onnx.getGraph().getInitializerList().stream().map(VersionAssemblerTest::floats))
        .containsExactly(new float[] {10, 11, 12, 13, 14, 15}, new float[] {16});
  }

  /** Computes beside its layers, or fails, as a model may that does so for some weights only. */
  public static final class Halved extends Model {
    static boolean fails;
    private final Dense dense = new Dense(1);

    @Override
    protected Tensor call(Tensor x, Context context) {
      if (fails) {
        throw new IllegalStateException("the model fails");
      }
      return Scale.of(dense.apply(x, context), 0.5);
    }
  }

  @Test
  void aVersionWhoseModelHasNoOnnxFormIsGivenUpAndNoFailureLeavesItsFiles() throws IOException {
    plan = TestPlan.planWithOnnx(directory, "{\"type\": \"" + Halved.class.getName() + "\"}");
    assembler =
        new VersionAssembler(
            plan, "job", Clock.systemUTC(), givenUp, VersionAssemblerTest.class.getClassLoader());

    assertThat(assembler.add(stage(plan, 4, 10, 0, 1, 2), 4)).isEmpty();
    assertThat(givenUp.getCount()).isOne();
    assertThat(plan.versions().pending().resolve(TestPlan.RUN)).isEmptyDirectory();

    StagedShard last = stage(plan, BlockSnapshot.LAST, 11, 0, 1, 2);
    assertThatThrownBy(() -> assembler.add(last, 5))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the model has no form as model.onnx: ");
    Halved.fails = true;
    StagedShard shard = stage(plan, 6, 12, 0, 1, 2);
    try {
      assertThatThrownBy(() -> assembler.add(shard, 6)).hasMessageContaining("the model fails");
    } finally {
      Halved.fails = false;
    }
    assertThat(plan.versions().pending().resolve(TestPlan.RUN))
        .isDirectoryNotContaining(path -> path.getFileName().toString().startsWith("version-"));
  }

  private static float[] floats(TensorProto tensor) {
    FloatBuffer raw =
        ByteBuffer.wrap(tensor.getRawData().toByteArray())
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    float[] values = new float[raw.remaining()];
    raw.get(values);
    return values;
  }

  @Test
  void aPartitionThatNothingWasLearnedFromIsNotListed() throws IOException {
    assertThat(Staging.pend(plan, 1, 0).draft().topics())
        .isEqualTo(Map.of("numbers", Map.of(0, 0L)));
  }

  @Test
  void stagedFilesAreGoneOnceTheirVersionIsWritten() throws IOException {
    Staging.pend(plan, 4, 10);
    assertThat(shardFiles()).isEmpty();
  }

  @Test
  void aCutThatSomeShardGaveUpIsDroppedWhenALaterOneComesInWhateverOrder() throws IOException {
    assembler.add(stage(plan, 4, 10, 0), 4);
    assembler.add(stage(plan, 5, 12, 0), 5);
    assembler.add(stage(plan, 4, 10, 1, 2), 4);
    PendingVersion version = assembler.add(stage(plan, 5, 12, 1, 2), 5).orElseThrow();

    assertThat(version.draft().checkpoint()).isEqualTo(5);
    assertThat(shardFiles()).isEmpty();
  }

  @Test
  void theLastVersionIsAssembledThoughWritersNumberTheEndOfInputDifferently() throws IOException {
    assembler.add(stage(plan, 6, 10, 0), 6); // its barrier reached one writer only
    assembler.add(stage(plan, BlockSnapshot.LAST, 11, 0), 7);
    PendingVersion last = assembler.add(stage(plan, BlockSnapshot.LAST, 11, 1, 2), 6).orElseThrow();

    assertThat(last.draft().checkpoint()).isEqualTo(7);
    assertThat(last.draft().round()).isEqualTo(11);
  }

  @Test
  void shardsOfOnePointFitTogetherThoughOneCameWithACheckpointThatWasGivenUp() throws IOException {
    StagedShard early = stage(plan, 6, 10, 0);
    assembler.add(early, 6);
    assembler.add(early, 7); // sent again, as if the first had been lost
    PendingVersion last = assembler.add(stage(plan, BlockSnapshot.LAST, 10, 1, 2), 7).orElseThrow();

    assertThat(last.draft().checkpoint()).isEqualTo(7);
    assertThat(last.draft().round()).isEqualTo(10);
  }

  @Test
  void shardsThatWereCutAtPointsThatCantBothBeAreNeverMixed() throws IOException {
    StagedShard shard = stage(plan, 4, 10, 0);
    assembler.add(shard, 4);
    Cut elsewhere = new Cut(shard.cut().round(), shard.cut().records(), List.of(1L, 2L));
    StagedShard other = new StagedShard("other", elsewhere, false, Map.of(), List.of(), List.of());
    assertThatThrownBy(() -> assembler.add(other, 4)).hasMessageContaining("can't both be");
  }

  @Test
  void aStagedFileThatWasCutShortFailsTheJob() throws IOException {
    StagedShard shard = stage(plan, 4, 10, 0, 1, 2);
    Files.write(plan.pendingFiles().resolve(shard.file()), new byte[8]);
    assertThatThrownBy(() -> assembler.add(shard, 4))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("8 bytes");
  }

  @Test
  void i6ANonFiniteValueIsNeverStaged() throws IOException {
    try (ShardWriter writer = new ShardWriter(plan, givenUp)) {
      assertThatThrownBy(() -> write(writer, 4, 10, 1, new float[] {1, Float.NaN}))
          .hasMessageContaining("value 4 of the parameter vector is NaN");
    }
    assertThat(shardFiles()).isEmpty();
  }

  @Test
  void aCutThatCantBeWrittenIsGivenUpAndTheNextIsPublished() throws IOException {
    Path run = plan.versions().pending().resolve(TestPlan.RUN);
    try (ShardWriter writer = new ShardWriter(plan, givenUp)) {
      Files.createDirectories(run.getParent());
      Files.writeString(run, "a file where the directory should be");
      write(writer, 4, 10, 0);
      Files.delete(run);
      write(writer, 4, 10, 1); // no half of a cut is staged
      assertThat(writer.prepareCommit()).isEmpty();
      assertThat(givenUp.getCount()).isOne();

      write(writer, 5, 12, 0);
      assertThat(writer.prepareCommit()).hasSize(1);
    }
  }

  @Test
  void theLastCutThatCantBeWrittenFailsTheJob() throws IOException {
    Path run = plan.versions().pending().resolve(TestPlan.RUN);
    try (ShardWriter writer = new ShardWriter(plan, givenUp)) {
      Files.createDirectories(run.getParent());
      Files.writeString(run, "a file where the directory should be");
      assertThatThrownBy(() -> write(writer, BlockSnapshot.LAST, 10, 0))
          .isInstanceOf(IOException.class);
    }
    assertThat(givenUp.getCount()).isZero();
  }

  @Test
  void aVersionThatCantBeWrittenIsGivenUpAndLeavesNothing() throws IOException {
    StagedShard shard = stage(plan, 4, 10, 0, 1, 2);
    Path run = plan.versions().pending().resolve(TestPlan.RUN);
    Path aside = directory.resolve("aside");
    Files.move(run, aside);
    Files.writeString(run, "a file where the directory should be");

    assertThat(assembler.add(shard, 4)).isEmpty();

    assertThat(givenUp.getCount()).isOne();
    Files.delete(run);
    Files.move(aside, run);
    assertThat(assembler.add(stage(plan, 5, 12, 0, 1, 2), 5)).isPresent();
  }

  @Test
  void aCancelledJobsVersionIsNotCountedAsOneThatCantBeWritten() throws IOException {
    StagedShard shard = stage(plan, 4, 10, 0, 1, 2);
    try (ShardWriter writer = new ShardWriter(plan, givenUp)) {
      Thread.currentThread().interrupt(); // as Flink does with a cancelled task's thread
      assertThatThrownBy(() -> assembler.add(shard, 4))
          .isInstanceOf(ClosedByInterruptException.class);
      assertThatThrownBy(() -> write(writer, 5, 12, 0))
          .isInstanceOf(ClosedByInterruptException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(givenUp.getCount()).isZero();
  }

  @Test
  void blocksWhoseBarrierNeverCameAreReplacedByThoseOfALaterCut() throws IOException {
    try (ShardWriter writer = new ShardWriter(plan, givenUp)) {
      write(writer, 4, 10, 0);
      write(writer, 5, 12, 0);
      write(writer, 5, 12, 1);
      assertThat(writer.prepareCommit())
          .singleElement()
          .satisfies(shard -> assertThat(shard.pieces()).hasSize(2));
      assertThat(shardFiles()).hasSize(1);
      assertThat(writer.prepareCommit()).as("a checkpoint that publishes nothing").isEmpty();
    }
  }

  @Test
  void blocksWhoseBarrierNeverCameGoWithTheNextOne() throws IOException {
    try (ShardWriter writer = new ShardWriter(plan, givenUp)) {
      write(writer, 4, 10, 0);
      write(writer, 5, 10, 1);
      assertThat(writer.prepareCommit())
          .singleElement()
          .satisfies(shard -> assertThat(shard.pieces()).hasSize(2));
    }
  }

  @Test
  void whatTravelsSurvivesItsSerializersAndAnUnknownLayoutIsRefused() throws IOException {
    StagedShard shard = stage(plan, 4, 10, 2, 0);
    StagedShardSerializer shards = new StagedShardSerializer();
    assertThat(shards.deserialize(shards.getVersion(), shards.serialize(shard))).isEqualTo(shard);
    assertThatThrownBy(() -> shards.deserialize(2, shards.serialize(shard)))
        .hasMessageContaining("layout 2");

    PendingVersion version = Staging.pend(plan, 4, 10);
    PendingVersionSerializer versions = new PendingVersionSerializer();
    assertThat(versions.deserialize(versions.getVersion(), versions.serialize(version)))
        .isEqualTo(version);
    assertThatThrownBy(() -> versions.deserialize(2, versions.serialize(version)))
        .hasMessageContaining("layout 2");
  }

  @Test
  void tensorsThatLeaveAHoleAreRefusedAtSubmission() {
    List<PublishedTensor> tensors = List.of(new PublishedTensor("late", List.of(2), 1));
    assertThatThrownBy(
            () ->
                new VersionSink(
                    TestPlan.settings(directory, "run"),
                    tensors,
                    List.of("accuracy"),
                    Retention.DEFAULT))
        .hasMessageContaining("\"late\" begins at 1");
  }

  private List<Path> shardFiles() throws IOException {
    Path run = plan.versions().pending().resolve(TestPlan.RUN);
    if (!Files.exists(run)) {
      return List.of();
    }
    try (var files = Files.list(run)) {
      return files.filter(file -> file.getFileName().toString().startsWith("shard-")).toList();
    }
  }
}
