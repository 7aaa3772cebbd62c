package io.tapestream.serving.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Numbers in JSON arrays nested to any depth, read in one pass into float32, with what a check of
 * their type needs to know of them.
 */
public final class JsonNumbers {
  private final JsonParser parser;
  private final String where;
  private final boolean booleans;
  private final FloatBuilder values = new FloatBuilder();

  /** By depth, the length of the arrays there; -1 until the first one has ended. */
  private final List<Integer> lengths = new ArrayList<>();

  /** By depth, the index that is being read. */
  private int[] path = new int[4];

  private int leafDepth = -1;
  private boolean sawBoolean;
  private boolean sawNumber;
  private @Nullable String fraction;
  private @Nullable String inexact;
  private long least;
  private long greatest;

  private JsonNumbers(JsonParser parser, String where, boolean booleans) {
    this.parser = parser;
    this.where = where;
    this.booleans = booleans;
  }

  /**
   * Reads the value that the parser stands at.
   *
   * @param where what it is, for messages
   * @param booleans whether true and false are values too, 1 and 0
   * @throws RequestException with status 400 if it is anything but numbers in arrays of equal
   *     lengths, or a number is too large for float32
   */
  public static JsonNumbers read(JsonParser parser, String where, boolean booleans)
      throws IOException {
    JsonNumbers numbers = new JsonNumbers(parser, where, booleans);
    numbers.read(0);
    return numbers;
  }

  /** Lengths of the arrays from the outermost to the innermost; none for a bare number. */
  public List<Integer> shape() {
    return List.copyOf(lengths);
  }

  /** The numbers in their order. */
  public float[] values() {
    return values.toArray();
  }

  /** Number of values. */
  public int size() {
    return values.size();
  }

  /** Whether a value was true or false. */
  public boolean sawBoolean() {
    return sawBoolean;
  }

  /** Whether a value was a number. */
  public boolean sawNumber() {
    return sawNumber;
  }

  /** The first number with a point or an exponent, as it was written. */
  public @Nullable String fraction() {
    return fraction;
  }

  /** The first whole number that float32 holds only rounded, as it was written. */
  public @Nullable String inexact() {
    return inexact;
  }

  /** The least whole number; meaningless if one was {@link #inexact}. */
  public long least() {
    return least;
  }

  /** The greatest whole number; meaningless if one was {@link #inexact}. */
  public long greatest() {
    return greatest;
  }

  private void read(int depth) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      scalar(depth);
      return;
    }
    if (leafDepth >= 0 && depth >= leafDepth) {
      throw bad(depth, "is an array where a number is expected");
    }
    if (depth == lengths.size()) {
      lengths.add(-1);
    }
    if (depth == path.length) {
      path = Arrays.copyOf(path, 2 * depth);
    }
    int length = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      path[depth] = length;
      read(depth + 1);
      length++;
    }
    int known = lengths.get(depth);
    if (known >= 0 && known != length) {
      throw bad(depth, "has length " + length + " where " + known + " is expected");
    }
    lengths.set(depth, length);
  }

  private void scalar(int depth) throws IOException {
    if (leafDepth < 0) {
      leafDepth = depth;
    }
    JsonToken token = parser.currentToken();
    if (depth != leafDepth || depth < lengths.size()) {
      throw bad(depth, "is " + JsonText.describe(token) + " where an array is expected");
    }
    if (booleans && token != null && token.isBoolean()) {
      sawBoolean = true;
      values.add(token == JsonToken.VALUE_TRUE ? 1 : 0);
      return;
    }
    if (token == null || !token.isNumeric()) {
      throw bad(depth, "is " + JsonText.describe(token) + " where a number is expected");
    }
    float value = parser.getFloatValue();
    if (!Float.isFinite(value)) {
      throw bad(depth, "is " + parser.getText() + ", which float32 can't hold");
    }
    if (token == JsonToken.VALUE_NUMBER_INT) {
      whole(value);
    } else if (fraction == null) {
      fraction = parser.getText();
    }
    sawNumber = true;
    values.add(value);
  }

  private void whole(float value) throws IOException {
    if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      inexact = inexact == null ? parser.getText() : inexact;
      return;
    }
    long exact = parser.getLongValue();
    if ((long) value != exact || exact == Long.MAX_VALUE) {
      inexact = inexact == null ? parser.getText() : inexact;
    }
    least = Math.min(least, exact);
    greatest = Math.max(greatest, exact);
  }

  private RequestException bad(int depth, String what) {
    StringBuilder place = new StringBuilder(where);
    for (int i = 0; i < depth; i++) {
      place.append('[').append(path[i]).append(']');
    }
    return new RequestException(400, place + " " + what);
  }
}
