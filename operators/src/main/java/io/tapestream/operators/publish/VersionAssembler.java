package io.tapestream.operators.publish;

import io.tapestream.files.Course;
import io.tapestream.files.DurableFiles;
import io.tapestream.files.FileEntry;
import io.tapestream.files.Manifest;
import io.tapestream.files.Provenance;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.SafeTensorsIndex;
import io.tapestream.files.Software;
import io.tapestream.files.VersionWeights;
import io.tapestream.tensor.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.metrics.Counter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers the shards of one cut and, when every parameter is there, writes the version's files into
 * a pending directory.
 *
 * <pre>
 * a shard of                     what happens
 * the cut being gathered         it is added; all parameters there → the version is written
 * a later cut                    the one being gathered is given up: its checkpoint failed on some shard
 * an earlier cut                 it is dropped, for the same reason
 * </pre>
 *
 * <p>A version whose files can't be written is given up like one of its shards would be; see {@link
 * ShardWriter}. A staged shard that is not as it was written fails the job.
 */
final class VersionAssembler {
  private static final Logger LOG = LoggerFactory.getLogger(VersionAssembler.class);

  private final PublishingPlan plan;
  private final String job;
  private final PendingFiles pending;
  private final Clock clock;
  private final Counter givenUp;
  private final ClassLoader classes;

  private @Nullable Gathering gathering;

  /** The shards of one cut that have come so far. */
  private static final class Gathering {
    final Cut cut;
    final List<StagedShard> shards = new ArrayList<>();
    final Set<StagedShard.Piece> pieces = new HashSet<>();
    long checkpoint;
    boolean last;

    Gathering(Cut cut) {
      this.cut = cut;
    }

    void add(StagedShard shard, long checkpoint) {
      shards.add(shard);
      pieces.addAll(shard.pieces());
      this.checkpoint = Math.max(this.checkpoint, checkpoint);
      last |= shard.last();
    }

    /** By virtual worker; the shard with block 0 tells of all. */
    List<Course> courses() {
      return shards.stream()
          .map(StagedShard::courses)
          .filter(courses -> !courses.isEmpty())
          .findFirst()
          .orElse(List.of());
    }

    long values() {
      return pieces.stream().mapToLong(StagedShard.Piece::length).sum();
    }
  }

  /**
   * @param job the id of the Flink job, for the manifests
   * @param clock gives the time of the manifests
   * @param givenUp counts the versions that could not be written
   * @param classes finds the model's classes
   */
  VersionAssembler(
      PublishingPlan plan, String job, Clock clock, Counter givenUp, ClassLoader classes) {
    this.plan = plan;
    this.job = job;
    this.clock = clock;
    this.pending = plan.pendingFiles();
    this.givenUp = givenUp;
    this.classes = classes;
  }

  /**
   * Adds a shard.
   *
   * @param checkpoint the checkpoint id that the shard came with
   * @return the version, if this was its last shard
   * @throws IllegalStateException if the shard was cut at a point that can't be beside another's
   * @throws IOException if a staged shard is damaged, or the last version can't be written
   */
  Optional<PendingVersion> add(StagedShard shard, long checkpoint) throws IOException {
    Gathering now = gathering;
    if (now != null && now.cut.isAfter(shard.cut())) {
      PendingFiles.discard(pending.resolve(shard.file()));
      return Optional.empty();
    }
    if (now == null || shard.cut().isAfter(now.cut)) {
      if (now != null) {
        deleteShards(now);
      }
      now = new Gathering(shard.cut());
      gathering = now;
    }
    now.add(shard, checkpoint);
    if (now.values() < plan.size()) {
      return Optional.empty();
    }
    gathering = null;
    Optional<PendingVersion> version = assembleOrGiveUp(now);
    deleteShards(now);
    return version;
  }

  private Optional<PendingVersion> assembleOrGiveUp(Gathering complete) throws IOException {
    try {
      return Optional.of(assemble(complete));
    } catch (EOFException | ClosedByInterruptException e) {
      throw e; // a damaged shard; or the job has been cancelled, and no disk failed
    } catch (IOException e) {
      if (complete.last) {
        throw e;
      }
      givenUp.inc();
      LOG.error(
          "The version of round {} is given up, since its files can't be written: {}. Training goes"
              + " on; the next checkpoint tries again.",
          complete.cut.round(),
          e.toString());
      return Optional.empty();
    }
  }

  private PendingVersion assemble(Gathering complete) throws IOException {
    Path directory = pending.newVersion(complete.checkpoint);
    boolean assembled = false;
    try {
      PendingVersion version = assemble(complete, directory);
      assembled = true;
      return version;
    } finally {
      if (!assembled) {
        PendingFiles.discard(directory);
      }
    }
  }

  private PendingVersion assemble(Gathering complete, Path directory) throws IOException {
    FileEntry model = write(directory.resolve(Manifest.MODEL), plan.settings().model().modelJson());
    List<FileEntry> files = new ArrayList<>(List.of(model));
    files.addAll(writeWeights(directory, complete));
    if (plan.settings().publish().onnx()) {
      files.add(writeOnnx(directory.resolve(OnnxFile.NAME), complete));
    }
    Optional<RecordedSchedule> schedule = plan.schedule(complete.courses());
    if (schedule.isPresent()) {
      files.add(write(directory.resolve(RecordedSchedule.FILE), schedule.get().toJson()));
    }
    DurableFiles.force(directory);
    Cut cut = complete.cut;
    Manifest draft =
        new Manifest(
            Manifest.FORMAT,
            plan.model(),
            Manifest.UNNUMBERED,
            plan.run(),
            job,
            complete.checkpoint,
            clock.instant(),
            cut.round(),
            cut.records(),
            complete.shards.get(0).metrics(),
            plan.offsets(cut),
            plan.settings().publish().lineage(),
            plan.signature(),
            plan.loss(),
            Processor.describe(),
            new Provenance(plan.settings().publish().contents().specification(), Software.name()),
            files);
    return new PendingVersion(pending.relative(directory), draft);
  }

  private static FileEntry write(Path path, String text) throws IOException {
    try (HashingFile file = new HashingFile(path)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
      return file.finish();
    }
  }

  /** In one file, or in several with an index where the tensors are larger than one may be. */
  private List<FileEntry> writeWeights(Path directory, Gathering complete) throws IOException {
    try (StagedVector vector = new StagedVector()) {
      gather(complete, vector);
      List<SafeTensors.Named> tensors =
          plan.tensors().stream().map(tensor -> named(tensor, vector)).toList();
      long limit = plan.settings().publish().contents().weightFileBytes();
      List<List<SafeTensors.Named>> shares = SafeTensorsIndex.divide(tensors, limit);
      if (shares.size() <= 1) {
        return List.of(writeTensors(directory.resolve(VersionWeights.FILE), tensors, complete));
      }
      List<FileEntry> files = new ArrayList<>();
      for (int i = 0; i < shares.size(); i++) {
        String name = SafeTensorsIndex.fileName(VersionWeights.STEM, i, shares.size());
        files.add(writeTensors(directory.resolve(name), shares.get(i), complete));
      }
      SafeTensorsIndex index = SafeTensorsIndex.of(VersionWeights.STEM, shares);
      files.add(write(directory.resolve(VersionWeights.INDEX), index.toJson()));
      return files;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static SafeTensors.Named named(PublishedTensor tensor, StagedVector vector) {
    int[] dims = tensor.shape().stream().mapToInt(Integer::intValue).toArray();
    return new SafeTensors.Named(
        tensor.name(),
        Shape.of(dims),
        (from, into, intoFrom, n) -> vector.read(tensor.offset() + from, into, intoFrom, n));
  }

  private FileEntry writeTensors(Path path, List<SafeTensors.Named> tensors, Gathering complete)
      throws IOException {
    try (HashingFile file = new HashingFile(path)) {
      SafeTensors.write(
          file,
          tensors,
          Map.of(
              "model", plan.model(),
              "run", plan.run(),
              "checkpoint", Long.toString(complete.checkpoint),
              "round", Long.toString(complete.cut.round())));
      return file.finish();
    }
  }

  private FileEntry writeOnnx(Path path, Gathering complete) throws IOException {
    try (StagedVector vector = new StagedVector()) {
      gather(complete, vector);
      return new OnnxFile(plan, classes).write(path, vector, complete.checkpoint, complete.cut);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void gather(Gathering complete, StagedVector vector) throws IOException {
    for (StagedShard shard : complete.shards) {
      vector.add(pending.resolve(shard.file()), shard.pieces());
    }
  }

  private void deleteShards(Gathering done) {
    for (StagedShard shard : done.shards) {
      PendingFiles.discard(pending.resolve(shard.file()));
    }
  }
}
