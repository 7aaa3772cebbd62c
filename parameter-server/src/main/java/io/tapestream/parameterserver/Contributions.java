package io.tapestream.parameterserver;

import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Gradient.Half;
import io.tapestream.parameterserver.Gradient.Rows;
import io.tapestream.parameterserver.Message.Contribution;
import java.util.Arrays;

/**
 * How contributions add up in a block's sum.
 *
 * <pre>
 * trained:     sum ← sum + gradient
 * statistics:  sum ← sum + (values − sum) · weight / (weight so far, this one included)
 * </pre>
 *
 * The second is the running weighted mean: of equal values it is that value, bit for bit.
 */
final class Contributions {

  private Contributions() {}

  /** Refuses a contribution that could not be added, before anything is changed. */
  static void check(Block block, Contribution contribution) {
    double weight = contribution.header().weight();
    if (!(weight >= 0 && weight <= Double.MAX_VALUE)) {
      throw refusal(contribution, "its weight is " + weight + ", not finite and at least 0");
    }
    if (weight == 0) {
      return;
    }
    int length = block.values.length;
    if (contribution.gradient() instanceof Dense dense) {
      if (dense.values().length != length) {
        throw refusal(
            contribution, "%d values for a block of %d".formatted(dense.values().length, length));
      }
    } else if (contribution.gradient() instanceof Half half && block.range.trained()) {
      if (half.values().length != length) {
        throw refusal(
            contribution, "%d halves for a block of %d".formatted(half.values().length, length));
      }
    } else if (contribution.gradient() instanceof Rows rows && block.range.trained()) {
      checkRows(contribution, rows, length);
    } else {
      throw refusal(
          contribution,
          "a %s gradient of weight %s for %s block"
              .formatted(
                  contribution.gradient().getClass().getSimpleName(),
                  weight,
                  block.range.trained() ? "a trained" : "a statistics"));
    }
  }

  private static void checkRows(Contribution contribution, Rows rows, int length) {
    if (rows.values().length != (long) rows.rows().length * rows.width()) {
      throw refusal(
          contribution,
          "%d values for %d rows of %d"
              .formatted(rows.values().length, rows.rows().length, rows.width()));
    }
    for (int row : rows.rows()) {
      long first = rows.origin() + (long) row * rows.width();
      if (first < 0 || first + rows.width() > length) {
        throw refusal(
            contribution,
            "row %d is at %d to %d of a block of %d"
                .formatted(row, first, first + rows.width(), length));
      }
    }
  }

  private static ProtocolException refusal(Contribution contribution, String reason) {
    return new ProtocolException(
        "block %d refuses batch %d of virtual worker %d: %s"
            .formatted(
                contribution.block(), contribution.batch(), contribution.virtualWorker(), reason));
  }

  /** Adds a checked contribution to the block's sum; one without weight adds nothing. */
  static void add(Block block, Contribution contribution) {
    double weight = contribution.header().weight();
    if (weight == 0) {
      return;
    }
    boolean first = block.sumWeight == 0;
    block.sumWeight += weight;
    if (contribution.gradient() instanceof Dense dense) {
      addDense(block, dense.values(), first, weight);
    } else if (contribution.gradient() instanceof Half half) {
      addDense(block, half.floats(), first, weight);
    } else if (contribution.gradient() instanceof Rows rows) {
      if (first) {
        Arrays.fill(block.sum, 0);
      }
      addRows(block.sum, rows);
    }
  }

  private static void addDense(Block block, float[] values, boolean first, double weight) {
    if (first) {
      System.arraycopy(values, 0, block.sum, 0, block.sum.length);
    } else if (block.range.trained()) {
      add(block.sum, values);
    } else {
      moveTowards(block.sum, values, (float) (weight / block.sumWeight));
    }
  }

  private static void add(float[] sum, float[] gradient) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += gradient[i];
    }
  }

  private static void addRows(float[] sum, Rows rows) {
    for (int r = 0; r < rows.rows().length; r++) {
      int to = rows.origin() + rows.rows()[r] * rows.width();
      int from = r * rows.width();
      for (int i = 0; i < rows.width(); i++) {
        sum[to + i] += rows.values()[from + i];
      }
    }
  }

  private static void moveTowards(float[] mean, float[] values, float share) {
    for (int i = 0; i < mean.length; i++) {
      mean[i] += (values[i] - mean[i]) * share;
    }
  }
}
