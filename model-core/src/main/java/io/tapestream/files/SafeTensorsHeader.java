package io.tapestream.files;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The header of a safetensors file, which {@link SafeTensors} draws. It is read as strictly as by
 * the format's reference implementation, Hugging Face's {@code safetensors} ({@code tensor.rs}):
 * what that refuses is refused here. Beyond it, three things are refused that the format's
 * description forbids and the reference lets pass: blanks before the first brace, names that stand
 * there twice, and metadata that is null.
 *
 * @param entries the tensors in the order of their bytes
 */
record SafeTensorsHeader(List<Entry> entries, SortedMap<String, String> metadata) {
  static final String METADATA = "__metadata__";

  /** The longest header that is read, in bytes, as in the reference implementation. */
  static final int LONGEST = 100_000_000;

  /** Bits of an element by the names of the format's types. */
  private static final Map<String, Integer> BITS =
      Map.ofEntries(
          Map.entry("BOOL", 8),
          Map.entry("F4", 4),
          Map.entry("F6_E2M3", 6),
          Map.entry("F6_E3M2", 6),
          Map.entry("U8", 8),
          Map.entry("I8", 8),
          Map.entry("F8_E5M2", 8),
          Map.entry("F8_E4M3", 8),
          Map.entry("F8_E8M0", 8),
          Map.entry("F8_E4M3FNUZ", 8),
          Map.entry("F8_E5M2FNUZ", 8),
          Map.entry("I16", 16),
          Map.entry("U16", 16),
          Map.entry("F16", 16),
          Map.entry("BF16", 16),
          Map.entry("I32", 32),
          Map.entry("U32", 32),
          Map.entry("F32", 32),
          Map.entry("C64", 64),
          Map.entry("F64", 64),
          Map.entry("I64", 64),
          Map.entry("U64", 64));

  private static final Pattern WHOLE = Pattern.compile("0|[1-9][0-9]{0,19}");
  private static final BigInteger LARGEST = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(127)
                  .maxNameLength(LONGEST)
                  .maxStringLength(LONGEST)
                  .build())
          .build();

  /**
   * A tensor.
   *
   * @param dtype one of the format's types
   * @param dims unsigned, of 64 bits
   * @param begin its first byte, counted from the end of the header
   * @param end the byte after its last
   */
  record Entry(String name, String dtype, List<BigInteger> dims, long begin, long end) {}

  SafeTensorsHeader {
    entries = List.copyOf(entries);
    metadata = Collections.unmodifiableSortedMap(metadata);
  }

  /** What is wrong with a header. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }

    Refused(String message, Throwable cause) {
      super(message, cause);
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  /**
   * Reads a header.
   *
   * @param json its bytes
   * @param dataLength bytes that follow it in the file
   */
  static SafeTensorsHeader read(ByteBuffer json, long dataLength) throws Refused {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(json).toString();
    } catch (CharacterCodingException e) {
      throw new Refused("its header is no UTF-8", e);
    }
    check(text.startsWith("{"), "its header doesn't begin with a brace");
    SafeTensorsHeader header;
    try (JsonParser parser = JSON.createParser(text)) {
      header = read(parser);
    } catch (JsonProcessingException e) {
      throw new Refused("its header is no JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new IllegalStateException("text can always be read", e);
    }
    long end = 0;
    for (Entry entry : header.entries) {
      check(
          entry.begin == end,
          "\"" + entry.name + "\" begins at " + entry.begin + ", expected " + end);
      end = entry.end;
    }
    check(
        end == dataLength,
        "its tensors take " + end + " bytes, but " + dataLength + " follow the header");
    return header;
  }

  private static SafeTensorsHeader read(JsonParser parser) throws IOException, Refused {
    List<Entry> entries = new ArrayList<>();
    SortedMap<String, String> metadata = new TreeMap<>();
    parser.nextToken();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = text(parser.currentName());
      JsonToken value = parser.nextToken();
      check(value == JsonToken.START_OBJECT, "\"" + name + "\" is no JSON object");
      if (name.equals(METADATA)) {
        readMetadata(parser, metadata);
      } else {
        entries.add(readEntry(name, parser));
      }
    }
    check(parser.nextToken() == null, "something follows the object in its header");
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    return new SafeTensorsHeader(entries, metadata);
  }

  private static void readMetadata(JsonParser parser, SortedMap<String, String> metadata)
      throws IOException, Refused {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = text(parser.currentName());
      check(
          parser.nextToken() == JsonToken.VALUE_STRING, "its metadata \"" + key + "\" is no text");
      metadata.put(key, text(parser.getText()));
    }
  }

  private static Entry readEntry(String name, JsonParser parser) throws IOException, Refused {
    String dtype = null;
    List<BigInteger> shape = null;
    List<BigInteger> offsets = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = text(parser.currentName());
      JsonToken value = parser.nextToken();
      switch (field) {
        case "dtype" -> {
          check(value == JsonToken.VALUE_STRING, "the dtype of \"" + name + "\" is no text");
          dtype = parser.getText();
        }
        case "shape" -> shape = numbers(name, "shape", parser);
        case "data_offsets" -> offsets = numbers(name, "data_offsets", parser);
        default -> skip(parser);
      }
    }
    return entry(name, dtype, shape, offsets);
  }

  private static Entry entry(
      String name,
      @Nullable String dtype,
      @Nullable List<BigInteger> shape,
      @Nullable List<BigInteger> offsets)
      throws Refused {
    if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
      throw new Refused("\"" + name + "\" lacks dtype, shape or data_offsets");
    }
    Integer bits = BITS.get(dtype);
    if (bits == null) {
      throw new Refused("\"" + name + "\" has dtype " + dtype + ", which the format does not know");
    }
    BigInteger elements = BigInteger.ONE;
    for (BigInteger dim : shape) {
      elements = elements.multiply(dim);
      check(
          elements.compareTo(LARGEST) <= 0,
          "the shape " + shape + " of \"" + name + "\" overflows");
    }
    BigInteger size = elements.multiply(BigInteger.valueOf(bits));
    check(size.compareTo(LARGEST) <= 0, "the shape " + shape + " of \"" + name + "\" overflows");
    check(size.signum() == 0 || size.getLowestSetBit() >= 3, "\"" + name + "\" ends within a byte");
    BigInteger begin = offsets.get(0);
    BigInteger end = offsets.get(1);
    check(
        end.bitLength() < Long.SIZE && end.subtract(begin).equals(size.shiftRight(3)),
        "\"" + name + "\" of shape " + shape + " and dtype " + dtype + " can't lie at " + offsets);
    return new Entry(name, dtype, List.copyOf(shape), begin.longValue(), end.longValue());
  }

  private static List<BigInteger> numbers(String name, String field, JsonParser parser)
      throws IOException, Refused {
    check(
        parser.currentToken() == JsonToken.START_ARRAY,
        "the " + field + " of \"" + name + "\" is no list");
    List<BigInteger> numbers = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String number = parser.getText();
      BigInteger value =
          parser.currentToken() == JsonToken.VALUE_NUMBER_INT && WHOLE.matcher(number).matches()
              ? new BigInteger(number)
              : BigInteger.valueOf(-1);
      check(
          value.signum() >= 0 && value.compareTo(LARGEST) <= 0,
          "the " + field + " of \"" + name + "\" says " + number);
      numbers.add(value);
    }
    return numbers;
  }

  /** Passes over a value that the format does not name, as the reference does. */
  private static void skip(JsonParser parser) throws IOException, Refused {
    int depth = 0;
    do {
      JsonToken token = parser.currentToken();
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.VALUE_STRING || token == JsonToken.FIELD_NAME) {
        text(parser.getText());
      }
    } while (depth > 0 && parser.nextToken() != null);
  }

  /** A text; half of a surrogate pair, which JSON can escape, has no UTF-8. */
  private static String text(String text) throws Refused {
    check(
        StandardCharsets.UTF_8.newEncoder().canEncode(text),
        "its header has half a character in it");
    return text;
  }

  private static void check(boolean holds, String otherwise) throws Refused {
    if (!holds) {
      throw new Refused(otherwise);
    }
  }
}
