package io.tapestream.jobs.feed;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the columns of a CSV file mean, by the names in its first line.
 *
 * @param labels columns of the label: one for a scalar, several for a vector, none without labels
 * @param features columns of dense features; none means all that have no other meaning
 * @param vector if given, the features together are one dense feature of this name, a vector in
 *     their order, which is faster to train from than many scalars
 * @param categorical columns of categorical features: integer ids, several separated by {@code |}
 * @param id column of the example's id; null numbers the lines
 * @param eventTime column of the event time: ISO 8601 as in {@code 2026-11-23T07:00:00Z}, or
 *     milliseconds since 1970; null takes the time of reading
 * @param weight column of the example's weight; null weighs each 1
 * @param ignored columns to pass over
 */
public record CsvColumns(
    List<String> labels,
    List<String> features,
    @Nullable String vector,
    List<String> categorical,
    @Nullable String id,
    @Nullable String eventTime,
    @Nullable String weight,
    List<String> ignored) {

  public CsvColumns {
    labels = List.copyOf(labels);
    features = List.copyOf(features);
    categorical = List.copyOf(categorical);
    ignored = List.copyOf(ignored);
  }

  /** A label in one column, every other one a feature. */
  public static CsvColumns labelled(String label) {
    return new CsvColumns(List.of(label), List.of(), null, List.of(), null, null, null, List.of());
  }
}
