package io.tapestream.operators.publish;

import io.tapestream.files.SigningKey;
import io.tapestream.metrics.Metric;
import io.tapestream.models.ParameterVector;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.metrics.Measure;
import io.tapestream.operators.server.BlockSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessageTypeInfo;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreCommitTopology;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreWriteTopology;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * Publishes the server's snapshots as model versions; a version becomes visible once the checkpoint
 * that cut it is complete, and holds exactly the weights that this checkpoint restores (I4, I5).
 * The package's page draws the operators.
 *
 * <p>The writers are never chained to the server, whatever the job asks for: their files must not
 * hold up its barrier (R18).
 */
public final class VersionSink
    implements Sink<BlockSnapshot>,
        SupportsPreWriteTopology<BlockSnapshot>,
        SupportsPreCommitTopology<StagedShard, PendingVersion>,
        SupportsCommitter<PendingVersion> {
  private static final long serialVersionUID = 1L;

  private final PublishingPlan plan;

  /**
   * A sink for one job, to be made at submission.
   *
   * @param settings the job's settings
   * @param parameters those of the model that the settings specify, once built
   * @param classes finds the classes of the settings' metrics
   * @param retention how long files are kept
   * @throws IllegalArgumentException if a name can't be a directory's, or the server's layout is
   *     another model's
   */
  public static VersionSink of(
      TrainingSettings settings,
      ParameterVector parameters,
      ClassLoader classes,
      Retention retention) {
    List<PublishedTensor> tensors = parameters.entries().stream().map(PublishedTensor::of).toList();
    List<String> metrics = settings.model().metrics(classes).stream().map(Metric::name).toList();
    return new VersionSink(settings, tensors, metrics, retention);
  }

  /**
   * A sink for one job.
   *
   * @param settings the job's settings
   * @param tensors the model's named tensors, which together fill the flat parameter vector
   * @param metricNames names of the metrics, in the order of the settings' specifications
   * @param retention how long files are kept
   * @throws IllegalArgumentException if the tensors leave holes, or a name can't be a directory's
   */
  VersionSink(
      TrainingSettings settings,
      List<PublishedTensor> tensors,
      List<String> metricNames,
      Retention retention) {
    this.plan = new PublishingPlan(settings, tensors, metricNames, retention);
    plan.pendingFiles(); // checks the names before the job is submitted
  }

  /** Cuts the chain between server and writers. */
  @Override
  public DataStream<BlockSnapshot> addPreWriteTopology(DataStream<BlockSnapshot> blocks) {
    return blocks.rescale();
  }

  @Override
  public SinkWriter<BlockSnapshot> createWriter(WriterInitContext context) {
    return new ShardWriter(plan, Measure.UNWRITTEN_SHARDS.counter(context.metricGroup()));
  }

  @Override
  public DataStream<CommittableMessage<PendingVersion>> addPreCommitTopology(
      DataStream<CommittableMessage<StagedShard>> shards) {
    return shards
        .global()
        .transform(
            "Version assembler",
            CommittableMessageTypeInfo.of(PendingVersionSerializer::new),
            new VersionAssemblerOperator(plan))
        .uid("version-assembler")
        .setParallelism(1)
        .setMaxParallelism(1)
        .global(); // all versions to one committer, in order
  }

  @Override
  public Committer<PendingVersion> createCommitter(CommitterInitContext context)
      throws IOException {
    Clock clock = Clock.systemUTC();
    Announcer measured =
        new MeasuredAnnouncer(context.metricGroup(), plan.versions(), announcer(), clock);
    String key = plan.settings().publish().contents().signingKey();
    return new VersionCommitter(
        plan.versions(),
        plan.retention(),
        measured,
        key == null ? null : SigningKey.read(Path.of(key)),
        clock);
  }

  private Announcer announcer() {
    String topic = plan.settings().publish().announcementTopic();
    return topic == null
        ? Announcer.SILENT
        : new KafkaAnnouncer(plan.settings().source().kafka(), topic, plan.versions());
  }

  @Override
  public SimpleVersionedSerializer<PendingVersion> getCommittableSerializer() {
    return new PendingVersionSerializer();
  }

  @Override
  public SimpleVersionedSerializer<StagedShard> getWriteResultSerializer() {
    return new StagedShardSerializer();
  }
}
