package io.tapestream.operators.publish;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** The flat parameter vector as it lies in the staged files of all shards, read slice by slice. */
final class StagedVector implements AutoCloseable {

  /** A run of values and the file position of the first. */
  private record Segment(SeekableByteChannel file, long position, int length) {}

  private final List<SeekableByteChannel> files = new ArrayList<>();

  /** By the first value's place in the vector. */
  private final NavigableMap<Integer, Segment> segments = new TreeMap<>();

  /** Adds the pieces of one file, which stand in it end to end. */
  void add(Path path, List<StagedShard.Piece> pieces) throws IOException {
    SeekableByteChannel file = Files.newByteChannel(path);
    files.add(file);
    long position = 0;
    for (StagedShard.Piece piece : pieces) {
      segments.put(piece.from(), new Segment(file, position, piece.length()));
      position += (long) piece.length() * Float.BYTES;
    }
    if (file.size() != position) {
      throw new EOFException(path + " has " + file.size() + " bytes, its shard staged " + position);
    }
  }

  /** Copies values {@code from … from+n-1} of the vector. */
  void read(int from, float[] into, int intoFrom, int n) {
    try {
      int done = 0;
      while (done < n) {
        Map.Entry<Integer, Segment> entry = segments.floorEntry(from + done);
        int skip = entry == null ? 0 : from + done - entry.getKey();
        if (entry == null || skip >= entry.getValue().length()) {
          throw new EOFException(
              "no shard staged value " + (from + done) + " of the parameter vector");
        }
        Segment segment = entry.getValue();
        int run = Math.min(n - done, segment.length() - skip);
        ByteBuffer bytes = ByteBuffer.allocate(run * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        fill(bytes, segment.file(), segment.position() + (long) skip * Float.BYTES);
        bytes.asFloatBuffer().get(into, intoFrom + done, run);
        done += run;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void fill(ByteBuffer bytes, SeekableByteChannel file, long position)
      throws IOException {
    file.position(position);
    while (bytes.hasRemaining()) {
      if (file.read(bytes) < 0) {
        throw new EOFException("a staged shard ended early");
      }
    }
    bytes.flip();
  }

  @Override
  public void close() throws IOException {
    for (SeekableByteChannel file : files) {
      file.close();
    }
  }
}
