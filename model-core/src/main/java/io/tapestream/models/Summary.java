package io.tapestream.models;

import io.tapestream.layers.Layer;
import io.tapestream.models.Model.Built;
import io.tapestream.models.Model.BuiltLayer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A model as a table of text. */
final class Summary {

  static String of(Model model, Built built) {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"Layer (type)", "Output shape", "Parameters"});
    for (BuiltLayer layer : built.layers()) {
      rows.add(
          new String[] {
            layer.name() + " (" + layer.layer().getClass().getSimpleName() + ")",
            layer.outputs().isEmpty() ? "not called" : Layer.withBatch(layer.outputs()),
            count(layer.parameters())
          });
    }
    int[] widths = new int[3];
    for (String[] row : rows) {
      for (int column = 0; column < 3; column++) {
        widths[column] = Math.max(widths[column], row[column].length());
      }
    }
    String format = "%-" + widths[0] + "s   %-" + widths[1] + "s   %" + widths[2] + "s\n";
    String rule = "─".repeat(widths[0] + widths[1] + widths[2] + 6) + "\n";
    StringBuilder text =
        new StringBuilder("Model: " + model.getClass().getSimpleName() + "\n" + rule);
    for (String[] row : rows) {
      text.append(String.format(Locale.ROOT, format, (Object[]) row))
          .append(row == rows.get(0) ? rule : "");
    }
    ParameterVector parameters = built.parameters();
    int frozen =
        parameters.trainedSize()
            - model.trainableEntries().stream().mapToInt(e -> e.shape().size()).sum();
    double kib = parameters.size() * (double) parameters.values().dtype().bytes() / 1024;
    return text.append(rule)
        .append("Trained parameters: " + count(parameters.trainedSize()) + "\n")
        .append(frozen == 0 ? "" : "Frozen of these: " + count(frozen) + "\n")
        .append("Statistics: " + count(parameters.size() - parameters.trainedSize()) + "\n")
        .append(String.format(Locale.ROOT, "Size: %,.1f KiB\n", kib))
        .toString();
  }

  private static String count(int n) {
    return String.format(Locale.ROOT, "%,d", n);
  }

  private Summary() {}
}
