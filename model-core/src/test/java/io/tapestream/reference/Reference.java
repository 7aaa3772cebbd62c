package io.tapestream.reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/**
 * What PyTorch and numpy computed, by the scripts in {@code resources/reference}, and the hash that
 * both sides draw their data from.
 */
public final class Reference {

  /** The numbers at {@code path} of a reference file. */
  public static double[] numbers(String file, String path) {
    try (InputStream json = Reference.class.getResourceAsStream("/reference/" + file)) {
      JsonNode numbers = new ObjectMapper().readTree(Objects.requireNonNull(json, file)).at(path);
      double[] values = new double[numbers.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = numbers.get(i).doubleValue();
      }
      return values;
    } catch (IOException e) {
      throw new IllegalStateException("can't read " + file, e);
    }
  }

  /** {@code uniform(salt, count)} of reference.py: multiples of 2⁻²⁴ in [0, 1). */
  public static float[] uniform(int salt, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      int h = i * 0x9E3779B9 + salt * 0x85EBCA6B;
      h = (h ^ (h >>> 16)) * 0x7FEB352D;
      h = (h ^ (h >>> 15)) * 0x846CA68B;
      h ^= h >>> 16;
      values[i] = (h >>> 8) * 0x1p-24f;
    }
    return values;
  }

  /** {@code weights(salt, shape, fan_in, fan_out)} of reference.py. */
  public static float[] weights(int salt, int size, int fanIn, int fanOut) {
    float limit = (float) Math.sqrt(6.0 / (fanIn + fanOut));
    float[] values = uniform(salt, size);
    for (int i = 0; i < size; i++) {
      values[i] = (2 * values[i] - 1) * limit;
    }
    return values;
  }

  private Reference() {}
}
