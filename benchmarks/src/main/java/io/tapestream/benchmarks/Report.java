package io.tapestream.benchmarks;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a benchmark found: rows of figures, each with its unit in the column's name. */
public final class Report {
  private final List<Map<String, Object>> rows = new ArrayList<>();
  private final List<String> broken = new ArrayList<>();

  /** Starts a row; the first column names what was measured. */
  public Row row(String column, String value) {
    Row row = new Row(new LinkedHashMap<>());
    rows.add(row.figures);
    return row.with(column, value);
  }

  /** Notes that something which was promised did not hold: the run ends with a status of 1. */
  public void broke(String what) {
    broken.add(what);
  }

  /** What did not hold, in the order in which it was found. */
  public List<String> broken() {
    return List.copyOf(broken);
  }

  /**
   * One line of the table.
   *
   * @param figures by column
   */
  public record Row(Map<String, Object> figures) {

    /** Adds a word. */
    public Row with(String column, String value) {
      figures.put(column, value);
      return this;
    }

    /** Adds a figure. */
    public Row with(String column, double value) {
      figures.put(column, value);
      return this;
    }
  }

  /** The rows with their columns aligned. */
  public String table() {
    List<String> columns = rows.stream().flatMap(r -> r.keySet().stream()).distinct().toList();
    List<List<String>> cells = new ArrayList<>();
    cells.add(columns);
    for (Map<String, Object> row : rows) {
      cells.add(columns.stream().map(c -> text(row.get(c))).toList());
    }
    int[] widths = new int[columns.size()];
    for (List<String> line : cells) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    StringBuilder table = new StringBuilder();
    for (List<String> line : cells) {
      for (int i = 0; i < widths.length; i++) {
        String format = i == 0 ? "%-" + widths[i] + "s" : "  %" + widths[i] + "s";
        table.append(format.formatted(line.get(i)));
      }
      table.append('\n');
    }
    return table.toString();
  }

  /** The rows as JSON, figures unrounded. */
  public ObjectNode json() {
    ObjectNode report = JsonNodeFactory.instance.objectNode();
    report.put("java", System.getProperty("java.version"));
    report.put("processors", Runtime.getRuntime().availableProcessors());
    var array = report.putArray("rows");
    for (Map<String, Object> row : rows) {
      ObjectNode object = array.addObject();
      row.forEach(
          (column, value) -> {
            if (value instanceof Double figure) {
              object.put(column, figure);
            } else {
              object.put(column, value.toString());
            }
          });
    }
    return report;
  }

  private static String text(@org.jspecify.annotations.Nullable Object value) {
    if (value == null) {
      return "";
    }
    if (value instanceof Double figure) {
      return Math.abs(figure) < 100 ? "%.2f".formatted(figure) : "%,.0f".formatted(figure);
    }
    return value.toString();
  }
}
