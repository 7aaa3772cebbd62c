package io.tapestream.models;

import io.tapestream.layers.Layer;
import io.tapestream.models.Model.Built;
import io.tapestream.models.Model.BuiltLayer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A model as a table of text. */
final class Summary {

  static String of(Model model, Built built) {
    boolean graph = model instanceof Functional;
    List<String[]> rows = new ArrayList<>();
    rows.add(row(graph, "Layer (type)", "Output shape", "Parameters", "Connected to"));
    if (model instanceof Functional functional) {
      for (Functional.In input : functional.settings().inputs()) {
        rows.add(row(graph, input.name() + " (Input)", Layer.withBatch(input.example()), "0", ""));
      }
    }
    for (BuiltLayer layer : built.layers()) {
      rows.add(
          row(
              graph,
              layer.name() + " (" + layer.layer().typeName() + ")",
              layer.outputs().isEmpty() ? "not called" : Layer.withBatch(layer.outputs()),
              count(layer.parameters()),
              model instanceof Functional functional ? connections(functional, layer) : ""));
    }
    int[] widths = new int[rows.get(0).length];
    for (String[] row : rows) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], row[column].length());
      }
    }
    String format =
        "%-"
            + widths[0]
            + "s   %-"
            + widths[1]
            + "s   %"
            + widths[2]
            + "s"
            + (graph ? "   %s" : "");
    String rule = "─".repeat(Arrays.stream(widths).sum() + 3 * (widths.length - 1)) + "\n";
    StringBuilder text = new StringBuilder("Model: " + model.typeName() + "\n" + rule);
    for (String[] row : rows) {
      text.append(String.format(Locale.ROOT, format, (Object[]) row).stripTrailing())
          .append("\n")
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

  private static String[] row(
      boolean graph, String layer, String shape, String parameters, String connected) {
    return graph
        ? new String[] {layer, shape, parameters, connected}
        : new String[] {layer, shape, parameters};
  }

  /**
   * What a layer of the graph is called on, and, where it is called more than once, each call by
   * its name; of the layers in a layer the first one tells.
   */
  private static String connections(Functional model, BuiltLayer layer) {
    String name = layer.name().replaceFirst("/.*", "");
    if (!layer.name().equals(name) && !isFirstIn(model.settings().layers().get(name), layer)) {
      return "";
    }
    List<Functional.Call> calls =
        model.settings().calls().stream().filter(call -> call.layer().equals(name)).toList();
    return calls.stream()
        .map(
            call ->
                (calls.size() > 1 || !layer.name().equals(name) ? call.name() + ": " : "")
                    + String.join(", ", call.inputs()))
        .collect(Collectors.joining("; "));
  }

  private static boolean isFirstIn(@Nullable Layer outer, BuiltLayer layer) {
    Layer first = outer;
    while (first != null && !first.children().isEmpty() && first != layer.layer()) {
      first = first.children().values().iterator().next();
    }
    return first == layer.layer();
  }

  private static String count(int n) {
    return String.format(Locale.ROOT, "%,d", n);
  }

  private Summary() {}
}
