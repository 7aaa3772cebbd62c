package io.tapestream.operators.decode;

import io.tapestream.operators.InputSettings;
import io.tapestream.operators.source.RawRecord;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns a mini-batch's raw records into a batch: features (n, shape…) with the named dense features
 * side by side, labels (n) or (n, k), weights (n), all FLOAT32, in the records' order.
 *
 * <p>Bad input never throws: an example that can't be learned from is left out of the batch and
 * reported with the reason, so a mini-batch may shrink to nothing but never takes an example from
 * the next one (I7). Where a batch has no labels to learn from ({@code labels} is 0) they are zeros
 * (n).
 *
 * <p>The batch's memory is used again for the next one. One thread at a time.
 */
public final class ExampleDecoder implements AutoCloseable {
  private final BatchColumns columns;
  private final Reader reader;

  /**
   * Makes a decoder.
   *
   * @param input how a record becomes an example; of several features each is a scalar, unless its
   *     entry gives its size as in {@code embedding:16}
   * @param classes how many classes a scalar label may name, 0 to n-1; 0 if labels are no classes,
   *     or it is not known
   * @throws IllegalArgumentException if the features don't fill the input's shape
   */
  public ExampleDecoder(InputSettings input, int classes) {
    FeatureLayout layout = new FeatureLayout(input);
    Checks checks = new Checks(input.labels() == 1 ? classes : 0);
    columns = new BatchColumns(input.modelShape(), input.labels());
    reader =
        switch (input.format()) {
          case AVRO -> avro(new AvroRows(layout, checks));
          case ARROW -> arrow(new ArrowRows(layout, checks));
        };
  }

  /**
   * Decodes a mini-batch.
   *
   * @param records its raw records, which may be none
   * @return the examples, and those that were rejected; valid until the next call
   */
  public DecodedBatch decode(List<RawRecord> records) {
    columns.clear(records.stream().mapToInt(RawRecord::examples).sum());
    List<Rejected> rejected = new ArrayList<>();
    for (int i = 0; i < records.size(); i++) {
      int index = i;
      reader.read(
          records.get(i),
          (row, rows, why) ->
              rejected.add(
                  new Rejected(index, row, rows, why.reason(), String.valueOf(why.getMessage()))));
    }
    return new DecodedBatch(columns.batch(), rejected);
  }

  private interface Reader {
    void read(RawRecord rawRecord, ArrowRows.Rejections rejections);
  }

  private Reader avro(AvroRows rows) {
    return (rawRecord, rejections) -> {
      try {
        rows.read(rawRecord.value(), columns);
      } catch (RejectedExampleException e) {
        rejections.add(rawRecord.fromRow(), rawRecord.examples(), e);
      }
    };
  }

  private Reader arrow(ArrowRows rows) {
    return (rawRecord, rejections) ->
        rows.read(rawRecord.value(), rawRecord.fromRow(), rawRecord.toRow(), columns, rejections);
  }

  /** Frees the batch's memory. */
  @Override
  public void close() {
    columns.close();
  }
}
