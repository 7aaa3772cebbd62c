package io.tapestream.jobs.feed;

import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.CategoricalFeature;
import io.tapestream.schemas.avro.DenseFeature;
import io.tapestream.schemas.avro.TrainingExample;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** The lines of a CSV table as examples; the first line names the columns. */
public final class CsvExamples implements ExampleReader {
  private final CsvRows rows;
  private final String name;
  private final CsvColumns columns;
  private final Clock clock;
  private final List<String> header;
  private final List<String> features;
  private final int[] featureCells;
  private final int[] labelCells;
  private final int[] categoricalCells;
  private final int idCell;
  private final int timeCell;
  private final int weightCell;
  private long row;

  /**
   * Opens a file in UTF-8, packed with gzip if its name ends in {@code .gz}.
   *
   * @throws IOException if it can't be read, or lacks a column that is asked for
   */
  public static CsvExamples open(Path file, CsvColumns columns) throws IOException {
    InputStream in = Files.newInputStream(file);
    try {
      InputStream plain = file.toString().endsWith(".gz") ? new GZIPInputStream(in, 1 << 16) : in;
      return new CsvExamples(
          new InputStreamReader(plain, StandardCharsets.UTF_8),
          file.toString(),
          columns,
          Clock.systemUTC());
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  /**
   * Reads from anywhere.
   *
   * @param in the text; closed with this reader
   * @param name what it is called in errors
   * @param clock tells the event times of examples without one
   * @throws IOException if there is no first line, or it lacks a column that is asked for
   */
  public CsvExamples(Reader in, String name, CsvColumns columns, Clock clock) throws IOException {
    this.rows = new CsvRows(new BufferedReader(in, 1 << 16), name);
    this.name = name;
    this.columns = columns;
    this.clock = clock;
    List<String> first = rows.next();
    if (first == null) {
      throw new IOException(name + " is empty: its first line must name the columns");
    }
    header = List.copyOf(first);
    Set<String> distinct = new HashSet<>();
    for (String column : header) {
      if (!distinct.add(column)) {
        throw new IOException(
            "%s line %d: two columns are named '%s'".formatted(name, rows.line(), column));
      }
    }
    labelCells = cells(columns.labels());
    categoricalCells = cells(columns.categorical());
    idCell = cell(columns.id());
    timeCell = cell(columns.eventTime());
    weightCell = cell(columns.weight());
    cells(columns.ignored());
    features = columns.features().isEmpty() ? remaining() : columns.features();
    featureCells = cells(features);
    if (features.isEmpty() && categoricalCells.length == 0) {
      throw new IOException(
          name + " has no column left for a feature: its columns are " + String.join(", ", header));
    }
  }

  @Override
  public @Nullable TrainingExample next() throws IOException {
    List<String> cells = rows.next();
    if (cells == null) {
      return null;
    }
    if (cells.size() != header.size()) {
      throw new IOException(
          "%s line %d has %d cells where the first line names %d columns"
              .formatted(name, rows.line(), cells.size(), header.size()));
    }
    List<Double> label = label(cells);
    return new TrainingExample(
        idCell < 0 ? Long.toString(row++) : cells.get(idCell),
        timeCell < 0 ? clock.instant().truncatedTo(ChronoUnit.MILLIS) : time(cells),
        dense(cells),
        categorical(cells),
        label,
        weightCell < 0 ? 1f : (float) number(cells, weightCell));
  }

  private @Nullable List<Double> label(List<String> cells) throws IOException {
    if (labelCells.length == 0) {
      return null;
    }
    List<Double> label = new ArrayList<>(labelCells.length);
    for (int cell : labelCells) {
      label.add(number(cells, cell));
    }
    return label;
  }

  private List<DenseFeature> dense(List<String> cells) throws IOException {
    float[] values = new float[featureCells.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) number(cells, featureCells[i]);
    }
    if (columns.vector() != null) {
      return List.of(DenseFeatures.floats(columns.vector(), values, values.length));
    }
    List<DenseFeature> dense = new ArrayList<>(values.length);
    for (int i = 0; i < values.length; i++) {
      dense.add(DenseFeatures.scalar(features.get(i), values[i]));
    }
    return dense;
  }

  private List<CategoricalFeature> categorical(List<String> cells) throws IOException {
    List<CategoricalFeature> all = new ArrayList<>(categoricalCells.length);
    for (int cell : categoricalCells) {
      List<Long> ids = new ArrayList<>();
      String text = cells.get(cell);
      if (!text.isEmpty()) {
        for (String id : text.split("\\|", -1)) {
          try {
            ids.add(Long.parseLong(id.strip()));
          } catch (NumberFormatException e) {
            throw wrong(cell, id, "is no integer id; several are separated by |");
          }
        }
      }
      all.add(new CategoricalFeature(header.get(cell), ids));
    }
    return all;
  }

  private double number(List<String> cells, int cell) throws IOException {
    String text = cells.get(cell);
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw wrong(
          cell,
          text,
          "is no number; correct it, or leave the column out by naming the features or ignoring it");
    }
  }

  private Instant time(List<String> cells) throws IOException {
    String text = cells.get(timeCell);
    try {
      return text.matches("-?\\d+")
          ? Instant.ofEpochMilli(Long.parseLong(text))
          : Instant.parse(text).truncatedTo(ChronoUnit.MILLIS);
    } catch (DateTimeException | NumberFormatException e) {
      throw wrong(
          timeCell, text, "is no time; write 2026-11-23T07:00:00Z or milliseconds since 1970");
    }
  }

  private IOException wrong(int cell, String text, String how) {
    return new IOException(
        "%s line %d, column '%s': \"%s\" %s"
            .formatted(name, rows.line(), header.get(cell), text, how));
  }

  /** The columns to which no meaning was given. */
  private List<String> remaining() {
    Set<String> taken = new HashSet<>(columns.labels());
    taken.addAll(columns.categorical());
    taken.addAll(columns.ignored());
    for (String single : new String[] {columns.id(), columns.eventTime(), columns.weight()}) {
      if (single != null) {
        taken.add(single);
      }
    }
    return header.stream().filter(column -> !taken.contains(column)).toList();
  }

  private int[] cells(List<String> names) throws IOException {
    int[] cells = new int[names.size()];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = cell(names.get(i));
    }
    return cells;
  }

  private int cell(@Nullable String column) throws IOException {
    if (column == null) {
      return -1;
    }
    int cell = header.indexOf(column);
    if (cell < 0) {
      throw new IOException(
          "%s has no column '%s': its columns are %s"
              .formatted(name, column, String.join(", ", header)));
    }
    return cell;
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }
}
