package io.tapestream.operators.publish;

import io.tapestream.files.Course;
import io.tapestream.operators.publish.StagedShard.Piece;
import io.tapestream.parameterserver.CourseFormat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * What travels from the writers to the assembler:
 *
 * <pre>
 * file: UTF | round, records: long | last: boolean | count: int, offset: long … | count: int, (name: UTF, value: double) … | courses | count: int, (from: int, length: int) …
 * </pre>
 *
 * Courses as in {@link CourseFormat}.
 */
final class StagedShardSerializer implements SimpleVersionedSerializer<StagedShard> {
  private static final int VERSION = 1;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(StagedShard shard) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(shard.file());
      Cut cut = shard.cut();
      out.writeLong(cut.round());
      out.writeLong(cut.records());
      out.writeBoolean(shard.last());
      out.writeInt(cut.learned().size());
      for (long offset : cut.learned()) {
        out.writeLong(offset);
      }
      out.writeInt(shard.metrics().size());
      for (Map.Entry<String, Double> metric : shard.metrics().entrySet()) {
        out.writeUTF(metric.getKey());
        out.writeDouble(metric.getValue());
      }
      CourseFormat.write(out, shard.courses());
      out.writeInt(shard.pieces().size());
      for (Piece piece : shard.pieces()) {
        out.writeInt(piece.from());
        out.writeInt(piece.length());
      }
    }
    return bytes.toByteArray();
  }

  @Override
  public StagedShard deserialize(int version, byte[] serialized) throws IOException {
    if (version != VERSION) {
      throw new IOException(
          "a staged shard in layout " + version + " can't be read, only layout " + VERSION);
    }
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized))) {
      String file = in.readUTF();
      long round = in.readLong();
      long records = in.readLong();
      boolean last = in.readBoolean();
      List<Long> learned = new ArrayList<>();
      for (int n = in.readInt(); n > 0; n--) {
        learned.add(in.readLong());
      }
      Map<String, Double> metrics = new TreeMap<>();
      for (int n = in.readInt(); n > 0; n--) {
        metrics.put(in.readUTF(), in.readDouble());
      }
      List<Course> courses = CourseFormat.read(in);
      List<Piece> pieces = new ArrayList<>();
      for (int n = in.readInt(); n > 0; n--) {
        pieces.add(new Piece(in.readInt(), in.readInt()));
      }
      return new StagedShard(
          file, new Cut(round, records, learned), last, metrics, courses, pieces);
    }
  }
}
