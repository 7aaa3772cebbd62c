package io.tapestream.models;

import io.tapestream.layers.Layer;
import io.tapestream.models.Functional.Call;
import io.tapestream.models.Functional.In;
import io.tapestream.models.Functional.Settings;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The calls of a graph with their names resolved to places, which are counted from the inputs. */
record GraphPlan(List<PlannedCall> calls, List<Source> outputs) {

  /** A layer and what it is called on. */
  record PlannedCall(Layer layer, List<Source> inputs) {}

  /**
   * Where a value comes from.
   *
   * @param place of the input or call
   * @param output which of its outputs
   */
  record Source(int place, int output) {
    Tensor in(List<List<Tensor>> values) {
      List<Tensor> outputs = values.get(place);
      if (output >= outputs.size()) {
        throw new IllegalArgumentException(
            "output " + output + " of a call is used that has only " + outputs.size());
      }
      return outputs.get(output);
    }
  }

  static GraphPlan of(Settings settings) {
    return new Planner(settings).plan();
  }

  private static final class Planner {
    private final Settings settings;
    private final Map<String, Integer> places = new HashMap<>();
    private final Set<String> used = new HashSet<>();

    Planner(Settings settings) {
      this.settings = settings;
    }

    GraphPlan plan() {
      if (settings.inputs().isEmpty() || settings.outputs().isEmpty()) {
        throw new IllegalArgumentException(
            "a graph has at least one input and one output, got "
                + settings.inputs().size()
                + " and "
                + settings.outputs().size());
      }
      for (In input : settings.inputs()) {
        place(input.name());
      }
      List<PlannedCall> calls = new ArrayList<>();
      for (Call call : settings.calls()) {
        calls.add(planned(call));
        place(call.name());
      }
      List<Source> outputs =
          settings.outputs().stream().map(name -> source(name, "output")).toList();
      if (new HashSet<>(settings.outputs()).size() != settings.outputs().size()) {
        throw new IllegalArgumentException(
            "an output is given twice: " + settings.outputs() + "; outputs have different names");
      }
      requireAllUsed();
      return new GraphPlan(List.copyOf(calls), outputs);
    }

    private void place(String name) {
      if (name.isEmpty() || name.matches(".*[/:#\\s].*")) {
        throw new IllegalArgumentException(
            "\"" + name + "\" can't be a name: leave out '/', ':', '#' and spaces");
      }
      if (places.put(name, places.size()) != null) {
        throw new IllegalArgumentException(
            "the name \"" + name + "\" is given twice; names of inputs and calls are unique");
      }
    }

    private PlannedCall planned(Call call) {
      Layer layer = settings.layers().get(call.layer());
      if (layer == null) {
        throw new IllegalArgumentException(
            "there is no layer \"" + call.layer() + "\"; there are " + settings.layers().keySet());
      }
      if (call.inputs().isEmpty()) {
        throw new IllegalArgumentException("\"" + call.name() + "\" is called on nothing");
      }
      return new PlannedCall(
          layer,
          call.inputs().stream()
              .map(name -> source(name, "input of \"" + call.name() + "\""))
              .toList());
    }

    private Source source(String reference, String role) {
      int colon = reference.indexOf(':');
      String name = colon < 0 ? reference : reference.substring(0, colon);
      Integer place = places.get(name);
      if (place == null) {
        boolean later = settings.calls().stream().anyMatch(call -> call.name().equals(name));
        throw new IllegalArgumentException(
            role
                + " \""
                + reference
                + "\" is "
                + (later
                    ? "computed only later: calls stand in the order in which they are made, and a graph has no cycle"
                    : "neither an input nor a call; there are " + new LinkedHashSet<>(names())));
      }
      used.add(name);
      return new Source(place, colon < 0 ? 0 : output(reference, colon));
    }

    private static int output(String reference, int colon) {
      try {
        return Integer.parseUnsignedInt(reference.substring(colon + 1));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "\"" + reference + "\" names no output; a call's outputs are name, name:1, name:2, …",
            e);
      }
    }

    private List<String> names() {
      List<String> names = new ArrayList<>();
      settings.inputs().forEach(input -> names.add(input.name()));
      settings.calls().forEach(call -> names.add(call.name()));
      return names;
    }

    private void requireAllUsed() {
      for (String name : names()) {
        if (!used.contains(name)) {
          throw new IllegalArgumentException(
              "\"" + name + "\" reaches no output; leave it out, or name it among the outputs");
        }
      }
      for (String layer : settings.layers().keySet()) {
        if (settings.calls().stream().noneMatch(call -> call.layer().equals(layer))) {
          throw new IllegalArgumentException(
              "layer \"" + layer + "\" is never called; leave it out");
        }
      }
    }
  }
}
