package io.tapestream.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Named FLOAT32 tensors in one file, in the format of Hugging Face's safetensors, which PyTorch,
 * TensorFlow and JAX read:
 *
 * <pre>
 * byte 0      N: length of the header, 8 bytes, little endian
 * byte 8      header: N bytes of UTF-8 JSON, padded with spaces to a multiple of 8
 *               {"__metadata__": {"key": "text", …},
 *                "NAME": {"dtype": "F32", "shape": [784, 10], "data_offsets": [BEGIN, END]}, …}
 * byte 8 + N  the tensors' bytes, little endian, C order, end to end without holes; offsets count from here
 * </pre>
 *
 * <p>The same tensors in the same order give the same bytes. What is read is checked before it is
 * used, as strictly as by the format's reference implementation: the header's length and its JSON,
 * names, types, shapes, offsets that overlap or leave holes, bytes that belong to no tensor.
 */
public final class SafeTensors {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String NO_SUCH_FILE = " is no safetensors file: ";
  private static final int LARGEST_TENSOR = Integer.MAX_VALUE - 8;
  private static final int CHUNK_FLOATS = 16 * 1024;

  /**
   * Where a tensor's floats come from: a heap array, an off-heap tensor, a slice of a flat vector.
   */
  @FunctionalInterface
  public interface Floats {
    /** Copies floats {@code from … from+n-1}, counted flat, into an array. */
    void read(int from, float[] into, int intoFrom, int n);

    /** The floats of {@code array} from {@code start} on. */
    static Floats of(float[] array, int start) {
      return (from, into, intoFrom, n) -> System.arraycopy(array, start + from, into, intoFrom, n);
    }
  }

  /**
   * A tensor and its name.
   *
   * @param values holds {@code shape.size()} floats in C order
   */
  public record Named(String name, Shape shape, Floats values) {

    /** A copy of its values. */
    public float[] toFloats() {
      float[] copy = new float[shape.size()];
      values.read(0, copy, 0, copy.length);
      return copy;
    }
  }

  /**
   * A file's contents.
   *
   * @param tensors in the order of their bytes
   */
  public record Contents(List<Named> tensors, SortedMap<String, String> metadata) {

    /** The tensor of this name. */
    public Named tensor(String name) {
      return tensors.stream()
          .filter(tensor -> tensor.name().equals(name))
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "no tensor \""
                          + name
                          + "\"; there are "
                          + tensors.stream().map(Named::name).toList()));
    }

    /**
     * All tensors' values in one array, one tensor after the other in their order.
     *
     * @throws ArithmeticException if they are more than an array holds
     */
    public float[] flat() {
      int size = 0;
      for (Named tensor : tensors) {
        size = Math.addExact(size, tensor.shape().size());
      }
      float[] flat = new float[size];
      int at = 0;
      for (Named tensor : tensors) {
        tensor.values().read(0, flat, at, tensor.shape().size());
        at += tensor.shape().size();
      }
      return flat;
    }
  }

  /** Writes a new file, forced to disk; fails if it exists. */
  public static void write(Path file, List<Named> tensors, Map<String, String> metadata)
      throws IOException {
    try (SeekableByteChannel channel = DurableFiles.create(file)) {
      write(channel, tensors, metadata);
      DurableFiles.force(channel);
    }
  }

  /**
   * Writes to a channel and leaves it open.
   *
   * @throws IllegalArgumentException if two tensors share a name
   */
  public static void write(
      WritableByteChannel channel, List<Named> tensors, Map<String, String> metadata)
      throws IOException {
    byte[] header = header(tensors, metadata);
    ByteBuffer buffer = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
    drain(buffer.putLong(header.length).put(header).flip(), channel);

    float[] chunk = new float[CHUNK_FLOATS];
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(CHUNK_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (Named tensor : tensors) {
      int size = tensor.shape().size();
      for (int from = 0; from < size; from += chunk.length) {
        int n = Math.min(chunk.length, size - from);
        tensor.values().read(from, chunk, 0, n);
        bytes.clear().limit(n * Float.BYTES);
        bytes.asFloatBuffer().put(chunk, 0, n);
        drain(bytes, channel);
      }
    }
  }

  /**
   * Reads a file into the heap.
   *
   * @throws IOException if it can't be read, or, saying what is wrong, is no such file
   */
  public static Contents read(Path file) throws IOException {
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      long length = channel.size();
      check(length >= 8, file, "it is " + length + " bytes long");
      long headerLength = fill(channel, 8).getLong();
      check(
          headerLength >= 0 && headerLength <= SafeTensorsHeader.LONGEST,
          file,
          "its header claims "
              + Long.toUnsignedString(headerLength)
              + " bytes, at most "
              + SafeTensorsHeader.LONGEST
              + " are read");
      check(
          headerLength <= length - 8,
          file,
          "its header claims " + headerLength + " of " + length + " bytes");
      SafeTensorsHeader header =
          SafeTensorsHeader.read(fill(channel, (int) headerLength), length - 8 - headerLength);
      List<Named> tensors = new ArrayList<>(header.entries().size());
      for (SafeTensorsHeader.Entry entry : header.entries()) {
        tensors.add(tensor(channel, entry, file));
      }
      return new Contents(List.copyOf(tensors), header.metadata());
    } catch (SafeTensorsHeader.Refused e) {
      throw new IOException(file + NO_SUCH_FILE + e.reason(), e);
    }
  }

  private static byte[] header(List<Named> tensors, Map<String, String> metadata)
      throws JsonProcessingException {
    ObjectNode header = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode texts = header.putObject(SafeTensorsHeader.METADATA);
      new TreeMap<>(metadata).forEach(texts::put);
    }
    Set<String> names = new LinkedHashSet<>();
    long offset = 0;
    for (Named tensor : tensors) {
      if (!names.add(tensor.name()) || tensor.name().equals(SafeTensorsHeader.METADATA)) {
        throw new IllegalArgumentException(
            "two tensors are called \"" + tensor.name() + "\"; names are unique");
      }
      ObjectNode entry = header.putObject(tensor.name()).put("dtype", "F32");
      entry.set("shape", JSON.valueToTree(tensor.shape().dims()));
      long end = offset + (long) tensor.shape().size() * Float.BYTES;
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] json = JSON.writeValueAsBytes(header);
    byte[] padded = new byte[(json.length + 7) / 8 * 8];
    Arrays.fill(padded, (byte) ' ');
    System.arraycopy(json, 0, padded, 0, json.length);
    return padded;
  }

  private static Named tensor(ReadableByteChannel channel, SafeTensorsHeader.Entry entry, Path file)
      throws IOException {
    check(
        entry.dtype().equals("F32"),
        file,
        "\"" + entry.name() + "\" has dtype " + entry.dtype() + "; only F32 is read, convert it");
    int[] dims = new int[entry.dims().size()];
    long size = 1;
    for (int i = 0; i < dims.length; i++) {
      BigInteger dim = entry.dims().get(i);
      size = dim.bitLength() < Integer.SIZE ? size * dim.intValue() : Long.MAX_VALUE;
      check(size <= LARGEST_TENSOR, file, "\"" + entry.name() + "\" is too large for an array");
      dims[i] = dim.intValue();
    }
    float[] values = floats(channel, (int) size);
    return new Named(entry.name(), Shape.of(dims), Floats.of(values, 0));
  }

  private static float[] floats(ReadableByteChannel channel, int size) throws IOException {
    float[] values = new float[size];
    for (int from = 0; from < size; from += CHUNK_FLOATS) {
      int n = Math.min(CHUNK_FLOATS, size - from);
      fill(channel, n * Float.BYTES).asFloatBuffer().get(values, from, n);
    }
    return values;
  }

  private static ByteBuffer fill(ReadableByteChannel channel, int n) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(n).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new IOException("the file ended early; was it truncated while it was read?");
      }
    }
    return bytes.flip();
  }

  private static void drain(ByteBuffer bytes, WritableByteChannel channel) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static void check(boolean holds, Path file, String otherwise) throws IOException {
    if (!holds) {
      throw new IOException(file + NO_SUCH_FILE + otherwise);
    }
  }

  private SafeTensors() {}
}
