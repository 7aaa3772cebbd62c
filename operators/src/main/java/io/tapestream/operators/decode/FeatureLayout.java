package io.tapestream.operators.decode;

import io.tapestream.operators.InputSettings;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where each feature's values lie in an example's row of the batch.
 *
 * <p>A single feature has the shape of the input. Of several, each is a scalar unless its entry
 * says otherwise: {@code embedding:16} is a feature named {@code embedding} of 16 values, in any
 * shape of that size.
 */
final class FeatureLayout {

  /**
   * One feature.
   *
   * @param name its name in the record
   * @param shape the only shape it may have; null when any of its size will do
   * @param size how many values it has
   * @param offset where they begin in the row
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Feature(String name, int @Nullable [] shape, int size, int offset) {

    boolean accepts(int[] found) {
      return shape == null ? product(found) == size : Arrays.equals(shape, found);
    }

    /** What shape is wanted, for messages. */
    String wanted() {
      return shape == null ? (size == 1 ? "a scalar" : size + " values") : Arrays.toString(shape);
    }
  }

  private final List<Feature> features;
  private final int rowSize;

  FeatureLayout(InputSettings input) {
    rowSize = input.size();
    int[] shape = input.shape().stream().mapToInt(Integer::intValue).toArray();
    List<String> entries = input.features();
    Feature[] laid = new Feature[entries.size()];
    int offset = 0;
    for (int i = 0; i < laid.length; i++) {
      laid[i] =
          entries.size() == 1 && !entries.get(0).matches(".+:\\d+")
              ? new Feature(entries.get(0), shape, rowSize, 0)
              : parse(entries.get(i), offset);
      offset += laid[i].size();
    }
    features = List.of(laid);
    if (offset != rowSize) {
      throw new IllegalArgumentException(
          "the features %s have %d values together, but the input's shape %s has %d: say how many values a feature has, as in embedding:16, or correct the shape"
              .formatted(entries, offset, input.shape(), rowSize));
    }
    Set<String> names = new HashSet<>();
    for (Feature feature : features) {
      if (!names.add(feature.name())) {
        throw new IllegalArgumentException("feature '" + feature.name() + "' is named twice");
      }
    }
  }

  private static Feature parse(String entry, int offset) {
    int colon = entry.lastIndexOf(':');
    if (colon <= 0 || !entry.substring(colon + 1).matches("\\d{1,9}")) {
      return new Feature(entry, null, 1, offset);
    }
    return new Feature(
        entry.substring(0, colon), null, Integer.parseInt(entry.substring(colon + 1)), offset);
  }

  List<Feature> features() {
    return features;
  }

  int rowSize() {
    return rowSize;
  }

  private static long product(int[] shape) {
    long product = 1;
    for (int extent : shape) {
      if (extent < 0 || (product *= extent) > Integer.MAX_VALUE) {
        return -1;
      }
    }
    return product;
  }
}
