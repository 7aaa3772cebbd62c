package io.tapestream.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
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
 * used: lengths, offsets that overlap or leave holes, shapes, types; nothing in a file can make the
 * reader allocate more than the file is long.
 */
public final class SafeTensors {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String METADATA = "__metadata__";
  private static final int LARGEST_HEADER = 100_000_000;
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
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      write(channel, tensors, metadata);
      channel.force(true);
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
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long length = channel.size();
      check(length >= 8, file, "it is " + length + " bytes long");
      long headerLength = fill(channel, 8).getLong();
      check(
          headerLength >= 2 && headerLength <= LARGEST_HEADER && headerLength <= length - 8,
          file,
          "its header claims " + headerLength + " of " + length + " bytes");
      JsonNode header = parse(fill(channel, (int) headerLength), file);
      List<Place> places = places(header, length - 8 - headerLength, file);
      List<Named> tensors = new ArrayList<>(places.size());
      for (Place place : places) {
        tensors.add(
            new Named(place.name, place.shape, Floats.of(floats(channel, place.shape.size()), 0)));
      }
      return new Contents(List.copyOf(tensors), metadata(header, file));
    }
  }

  private record Place(String name, Shape shape, long begin, long end) {}

  private static byte[] header(List<Named> tensors, Map<String, String> metadata)
      throws JsonProcessingException {
    ObjectNode header = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode texts = header.putObject(METADATA);
      new TreeMap<>(metadata).forEach(texts::put);
    }
    Set<String> names = new LinkedHashSet<>();
    long offset = 0;
    for (Named tensor : tensors) {
      if (!names.add(tensor.name()) || tensor.name().equals(METADATA)) {
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

  private static JsonNode parse(ByteBuffer bytes, Path file) throws IOException {
    try {
      JsonNode header = JSON.readTree(StandardCharsets.UTF_8.decode(bytes).toString());
      check(header.isObject(), file, "its header is no JSON object");
      return header;
    } catch (JsonProcessingException e) {
      throw new IOException(file + " is no safetensors file: its header is no JSON", e);
    }
  }

  private static List<Place> places(JsonNode header, long dataLength, Path file)
      throws IOException {
    List<Place> places = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : header.properties()) {
      if (!field.getKey().equals(METADATA)) {
        places.add(place(field.getKey(), field.getValue(), file));
      }
    }
    places.sort(Comparator.comparingLong(Place::begin).thenComparingLong(Place::end));
    long end = 0;
    for (Place place : places) {
      check(
          place.begin == end,
          file,
          "\"" + place.name + "\" begins at " + place.begin + ", expected " + end);
      end = place.end;
    }
    check(
        end == dataLength,
        file,
        "its tensors take " + end + " bytes, but " + dataLength + " follow the header");
    return places;
  }

  private static Place place(String name, JsonNode entry, Path file) throws IOException {
    String dtype = entry.path("dtype").asText();
    check(
        dtype.equals("F32"),
        file,
        "\"" + name + "\" has dtype " + dtype + "; only F32 is read, convert it");
    JsonNode dims = entry.path("shape");
    JsonNode offsets = entry.path("data_offsets");
    check(
        dims.isArray() && offsets.size() == 2,
        file,
        "\"" + name + "\" lacks shape or data_offsets");
    long size = 1;
    int[] lengths = new int[dims.size()];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = dims.get(i).asInt(-1);
      check(
          dims.get(i).canConvertToInt() && lengths[i] >= 0,
          file,
          "\"" + name + "\" has shape " + dims);
      size *= lengths[i];
      check(size <= Integer.MAX_VALUE, file, "\"" + name + "\" has shape " + dims);
    }
    long begin = offsets.get(0).asLong(-1);
    long end = offsets.get(1).asLong(-1);
    check(
        begin >= 0 && end - begin == size * Float.BYTES,
        file,
        "\"" + name + "\" of shape " + dims + " can't lie at " + offsets);
    return new Place(name, Shape.of(lengths), begin, end);
  }

  private static SortedMap<String, String> metadata(JsonNode header, Path file) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : header.path(METADATA).properties()) {
      check(
          field.getValue().isTextual(), file, "its metadata \"" + field.getKey() + "\" is no text");
      texts.put(field.getKey(), field.getValue().textValue());
    }
    return new TreeMap<>(texts);
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
      throw new IOException(file + " is no safetensors file: " + otherwise);
    }
  }

  private SafeTensors() {}
}
