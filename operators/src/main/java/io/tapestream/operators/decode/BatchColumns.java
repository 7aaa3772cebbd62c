package io.tapestream.operators.decode;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import io.tapestream.training.Batch;

/**
 * A batch's memory, filled row by row and used again for the next batch. Features are staged in a
 * small heap array, so that a row that turns out bad is simply written over.
 *
 * <pre>
 * clear(capacity); { write features()[featuresFrom()...], labels()[labelsFrom()...]; accept(weight) }*; batch()
 * </pre>
 */
final class BatchColumns implements AutoCloseable {
  private static final int STAGED_FLOATS = 8 * 1024;

  private final Shape example;
  private final int rowSize;
  private final int labelSize;
  private final int labelColumns;
  private final float[] staged;
  private final int stagedRows;
  private int capacity;
  private int rows;
  private float[] labels = {};
  private float[] weights = {};
  private Batch whole;

  /**
   * Makes the memory for some shape of example.
   *
   * @param example shape of one example's features
   * @param labelColumns 0 or 1 for labels of shape (n), k for (n, k)
   */
  BatchColumns(Shape example, int labelColumns) {
    this.example = example;
    this.rowSize = example.size();
    this.labelColumns = labelColumns;
    this.labelSize = Math.max(1, labelColumns);
    this.stagedRows = Math.max(1, STAGED_FLOATS / Math.max(1, rowSize));
    this.staged = new float[stagedRows * rowSize];
    this.whole = allocate(0);
  }

  /** Begins a batch of at most so many rows. */
  void clear(int atMost) {
    if (atMost > capacity) {
      close();
      capacity = atMost;
      labels = new float[atMost * labelSize];
      weights = new float[atMost];
      whole = allocate(atMost);
    }
    rows = 0;
  }

  /** The array that the next row's features go into, from {@link #featuresFrom()} on. */
  float[] features() {
    return staged;
  }

  int featuresFrom() {
    return rows % stagedRows * rowSize;
  }

  /** The array that the next row's label goes into, from {@link #labelsFrom()} on. */
  float[] labels() {
    return labels;
  }

  int labelsFrom() {
    return rows * labelSize;
  }

  int labelColumns() {
    return labelColumns;
  }

  /** Keeps the row that was written. */
  void accept(float weight) {
    weights[rows++] = weight;
    if (rows % stagedRows == 0) {
      whole.features().write((rows - stagedRows) * rowSize, staged, 0, staged.length);
    }
  }

  /** The rows that were kept; valid until the next {@link #clear}. */
  Batch batch() {
    int left = rows % stagedRows;
    whole.features().write((rows - left) * rowSize, staged, 0, left * rowSize);
    whole.labels().write(0, labels, 0, rows * labelSize);
    whole.weights().write(0, weights, 0, rows);
    return rows == capacity ? whole : whole.slice(0, rows);
  }

  @SuppressWarnings("try") // the scope acts by being open
  private Batch allocate(int n) {
    try (Workspace.Scope own = Workspace.outside()) {
      return new Batch(
          Tensor.allocate(DType.FLOAT32, example.prepend(n)),
          Tensor.zeros(DType.FLOAT32, labelColumns > 1 ? Shape.of(n, labelColumns) : Shape.of(n)),
          Tensor.allocate(DType.FLOAT32, Shape.of(n)));
    }
  }

  @Override
  public void close() {
    whole.features().close();
    whole.labels().close();
    whole.weights().close();
  }
}
