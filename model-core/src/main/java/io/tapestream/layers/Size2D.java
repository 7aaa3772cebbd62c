package io.tapestream.layers;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;

/**
 * A height and a width, in pixels. In a specification {@code [height, width]}, or one number for
 * both.
 *
 * @param height at least 1
 * @param width at least 1
 */
public record Size2D(int height, int width) {

  /** Checks that both are positive. */
  public Size2D {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "height and width must be at least 1, got " + height + "×" + width);
    }
  }

  /** As high as wide. */
  public static Size2D square(int side) {
    return new Size2D(side, side);
  }

  @JsonCreator
  static Size2D of(JsonNode spec) {
    if (spec.isInt()) {
      return square(spec.intValue());
    }
    if (spec.size() == 2 && spec.path(0).isInt() && spec.path(1).isInt()) {
      return new Size2D(spec.get(0).intValue(), spec.get(1).intValue());
    }
    throw new IllegalArgumentException(
        "expected [height, width] or one number for both, got " + spec);
  }

  @JsonValue
  int[] toSpec() {
    return new int[] {height, width};
  }

  @Override
  public String toString() {
    return height + "×" + width;
  }
}
