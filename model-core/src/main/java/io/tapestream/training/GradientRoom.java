package io.tapestream.training;

import io.tapestream.autodiff.TouchedRows;
import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.models.ParameterVector.Entry;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a gradient of a model's trained parameters goes: one flat vector. Of each matrix it is
 * known which rows hold anything, so that those of an embedding table that no example has named
 * cost nothing.
 */
@SuppressWarnings("try") // workspace scopes act by being open
final class GradientRoom implements AutoCloseable {
  private final Tensor flat;
  private final int trainedSize;
  private final List<Entry> places;
  private final List<Tensor> views;
  private final List<@Nullable TouchedRows> touched;
  private final boolean own;
  private @Nullable Tensor gathered;

  private GradientRoom(
      Tensor flat,
      int trainedSize,
      List<Entry> places,
      List<Tensor> views,
      List<@Nullable TouchedRows> touched,
      boolean own) {
    this.flat = flat;
    this.trainedSize = trainedSize;
    this.places = places;
    this.views = views;
    this.touched = touched;
    this.own = own;
  }

  /** The model's own. */
  static GradientRoom of(Model model) {
    ParameterVector parameters = model.parameters();
    List<Entry> places = model.trainableEntries();
    List<@Nullable TouchedRows> touched = new ArrayList<>(places.size());
    for (Variable variable : parameters.variablesOf(places)) {
      touched.add(variable.touchedRows());
    }
    Tensor flat = parameters.gradients();
    return new GradientRoom(
        flat, parameters.trainedSize(), places, parameters.viewsOf(flat, places), touched, false);
  }

  /** Another one, to be added to the model's. */
  static GradientRoom beside(Model model) {
    ParameterVector parameters = model.parameters();
    List<Entry> places = model.trainableEntries();
    try (Workspace.Scope none = Workspace.outside()) {
      Tensor flat = Tensor.zeros(parameters.values().dtype(), parameters.values().shape());
      List<Tensor> views = parameters.viewsOf(flat, places);
      List<@Nullable TouchedRows> touched = ParameterVector.rowsBeside(places, views);
      return new GradientRoom(flat, parameters.trainedSize(), places, views, touched, true);
    }
  }

  /** Elements of all trained variables; those of frozen layers are not among them. */
  int size() {
    return views.stream().mapToInt(Tensor::size).sum();
  }

  /** Per trained variable. */
  List<Tensor> views() {
    return views;
  }

  /** Per trained variable; null where nothing is known. */
  List<@Nullable TouchedRows> touched() {
    return touched;
  }

  /** Adds what another one holds; the rows of its last piece must still be in their memory. */
  void add(GradientRoom other) {
    int from = 0;
    for (int i = 0; i < places.size(); i++) {
      TouchedRows theirs = other.touched.get(i);
      TouchedRows mine = touched.get(i);
      if (theirs == null || mine == null) {
        continue;
      }
      if (theirs.all()) {
        mine.addAll();
      } else {
        Entry place = places.get(i);
        addStretch(other, from, place.offset());
        from = place.offset() + place.shape().size();
      }
      theirs.addTo(mine);
    }
    addStretch(other, from, trainedSize);
  }

  private void addStretch(GradientRoom other, int from, int to) {
    if (to > from) {
      Tensor sum = flat.slice(from, to);
      backend().binary(Binary.ADD, sum, other.flat.slice(from, to), sum, false);
    }
  }

  /** The rows that hold anything, one after another; valid until the next call. */
  private Tensor gather(Tensor gradient, TouchedRows rows) {
    Backend backend = Backends.of(gradient.dtype());
    Shape shape = Shape.of(rows.count(), gradient.dim(1));
    Tensor room = gathered;
    if (room == null || room.size() < shape.size()) {
      try (Workspace.Scope none = Workspace.outside()) {
        if (room != null) {
          room.close();
        }
        gathered = room = Tensor.owned(gradient.dtype(), Shape.of(2 * shape.size()));
      }
    }
    Tensor target = room.view(0, shape);
    backend.gatherRows(gradient, rows.rows(), target);
    return target;
  }

  /** Σg² in double. */
  double squares() {
    double sum = 0;
    int from = 0;
    for (int i = 0; i < places.size(); i++) {
      TouchedRows rows = touched.get(i);
      if (rows != null && !rows.all()) {
        Entry place = places.get(i);
        sum += squares(from, place.offset());
        if (rows.count() > 0) {
          sum += backend().squares(gather(views.get(i), rows));
        }
        from = place.offset() + place.shape().size();
      }
    }
    return sum + squares(from, trainedSize);
  }

  private double squares(int from, int to) {
    return to > from ? backend().squares(flat.slice(from, to)) : 0;
  }

  private Backend backend() {
    return Backends.of(flat.dtype());
  }

  @Override
  public void close() {
    if (gathered != null) {
      gathered.close();
      gathered = null;
    }
    if (own) {
      for (TouchedRows rows : touched) {
        if (rows != null) {
          rows.close();
        }
      }
      flat.close();
    }
  }
}
