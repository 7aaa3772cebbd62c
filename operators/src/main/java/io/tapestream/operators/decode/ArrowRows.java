package io.tapestream.operators.decode;

import io.tapestream.operators.decode.FeatureLayout.Feature;
import io.tapestream.schemas.ArrowBatch;
import io.tapestream.schemas.ArrowColumn;
import io.tapestream.schemas.ArrowStream;
import io.tapestream.schemas.UnreadableRecordException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads rows of Arrow streams into a batch's columns. */
final class ArrowRows {
  /** Told of each row that can't be used. */
  interface Rejections {
    void add(int row, int rows, RejectedExampleException why);
  }

  private final List<Feature> features;
  private final Checks checks;

  ArrowRows(FeatureLayout layout, Checks checks) {
    this.features = layout.features();
    this.checks = checks;
  }

  /** Reads the rows {@code fromRow … toRow-1} of a record and keeps those that can be used. */
  void read(byte[] value, int fromRow, int toRow, BatchColumns columns, Rejections rejections) {
    List<ArrowBatch> batches;
    try {
      batches = batches(value);
    } catch (RejectedExampleException e) {
      rejections.add(fromRow, toRow - fromRow, e);
      return;
    }
    int first = 0; // the row of the stream that is the batch's row 0
    for (ArrowBatch batch : batches) {
      int from = Math.max(fromRow, first) - first;
      int to = Math.min(toRow, first + batch.rows()) - first;
      if (from < to) {
        int base = first;
        read(batch, from, to, columns, (row, rows, why) -> rejections.add(base + row, rows, why));
      }
      first += batch.rows();
    }
  }

  private static List<ArrowBatch> batches(byte[] value) throws RejectedExampleException {
    if (value.length == 0) {
      throw new RejectedExampleException(Reason.EMPTY, "the record has no value");
    }
    try {
      ArrowStream stream = ArrowStream.read(value);
      if (stream.rows() == 0) {
        throw new RejectedExampleException(Reason.EMPTY, "the Arrow stream has no rows");
      }
      return stream.batches();
    } catch (UnreadableRecordException e) {
      throw new RejectedExampleException(Reason.UNREADABLE, String.valueOf(e.getMessage()));
    }
  }

  private void read(
      ArrowBatch batch, int from, int to, BatchColumns columns, Rejections rejections) {
    ArrowColumn[] inputs;
    ArrowColumn label;
    try {
      inputs = inputs(batch);
      label = columns.labelColumns() == 0 ? null : label(batch, columns.labelColumns());
    } catch (RejectedExampleException e) {
      rejections.add(from, to - from, e);
      return;
    }
    ArrowColumn weights = batch.weight();
    for (int row = from; row < to; row++) {
      try {
        readRow(row, inputs, label, columns);
        columns.accept(
            weights == null || weights.isNull(row) ? 1f : checks.weight(weights.get(row, 0)));
      } catch (RejectedExampleException e) {
        rejections.add(row, 1, e);
      }
    }
  }

  private void readRow(
      int row, ArrowColumn[] inputs, @Nullable ArrowColumn label, BatchColumns columns)
      throws RejectedExampleException {
    float[] into = columns.features();
    int base = columns.featuresFrom();
    for (int f = 0; f < inputs.length; f++) {
      Feature feature = features.get(f);
      if (inputs[f].isNull(row)) {
        throw Checks.missing(feature.name());
      }
      inputs[f].read(row, into, base + feature.offset());
      if (!inputs[f].isAlwaysFinite()) {
        checks.finite(feature.name(), into, base + feature.offset(), feature.size());
      }
    }
    if (label == null) {
      return;
    }
    if (label.isNull(row)) {
      throw Checks.missingLabel();
    }
    for (int i = 0; i < label.width(); i++) {
      columns.labels()[columns.labelsFrom() + i] = checks.label(label.get(row, i));
    }
  }

  private ArrowColumn[] inputs(ArrowBatch batch) throws RejectedExampleException {
    ArrowColumn[] inputs = new ArrowColumn[features.size()];
    for (int f = 0; f < inputs.length; f++) {
      Feature feature = features.get(f);
      ArrowColumn column = batch.column(feature.name());
      if (column == null) {
        throw Checks.missing(feature.name());
      }
      if (column.isList()) {
        throw Checks.wrongShape(feature, "values of a list or text column");
      }
      if (!feature.accepts(column.shape())) {
        throw Checks.wrongShape(feature, "shape " + Arrays.toString(column.shape()));
      }
      inputs[f] = column;
    }
    return inputs;
  }

  private static ArrowColumn label(ArrowBatch batch, int wanted) throws RejectedExampleException {
    ArrowColumn label = batch.label();
    if (label == null) {
      throw Checks.missingLabel();
    }
    Checks.labelSize(label.isList() ? 0 : label.width(), wanted);
    return label;
  }
}
