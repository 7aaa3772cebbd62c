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
  private static final int CHUNK_FLOATS = 16 * 1024;

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
      List<@Nullable TouchedRows> touched = ParameterVector.touchedRows(places, views);
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

  /** Adds what another one holds. */
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
        addRows(other.views.get(i), theirs, views.get(i), mine);
        from = place.offset() + place.shape().size();
      }
    }
    addStretch(other, from, trainedSize);
  }

  private void addStretch(GradientRoom other, int from, int to) {
    if (to > from) {
      Tensor sum = flat.slice(from, to);
      Backends.of(flat.dtype()).binary(Binary.ADD, sum, other.flat.slice(from, to), sum, false);
    }
  }

  private void addRows(Tensor from, TouchedRows theirs, Tensor to, TouchedRows mine) {
    if (theirs.count() > 0) {
      mine.addRowsOf(theirs);
      Tensor rows = gather(from, theirs);
      Backends.of(flat.dtype()).scatterAddRows(theirs.rows(), rows, to);
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
    Squares squares = new Squares();
    int from = 0;
    for (int i = 0; i < places.size(); i++) {
      TouchedRows rows = touched.get(i);
      if (rows != null && !rows.all()) {
        Entry place = places.get(i);
        squares.add(flat, from, place.offset());
        if (rows.count() > 0) {
          Tensor some = gather(views.get(i), rows);
          squares.add(some.reshape(some.size()), 0, some.size());
        }
        from = place.offset() + place.shape().size();
      }
    }
    squares.add(flat, from, trainedSize);
    return squares.sum();
  }

  /** Σx² of a stretch, in double. */
  static double squares(Tensor flat) {
    Squares squares = new Squares();
    squares.add(flat, 0, flat.size());
    return squares.sum();
  }

  /** Σx² in double, over four interleaved sums, so that one addition needn't wait for the other. */
  private static final class Squares {
    private final float[] chunk = new float[CHUNK_FLOATS];
    private double s0;
    private double s1;
    private double s2;
    private double s3;

    void add(Tensor vector, int begin, int end) {
      for (int from = begin; from < end; from += CHUNK_FLOATS) {
        int n = Math.min(CHUNK_FLOATS, end - from);
        vector.read(from, chunk, 0, n);
        int i = 0;
        for (; i + 3 < n; i += 4) {
          s0 += (double) chunk[i] * chunk[i];
          s1 += (double) chunk[i + 1] * chunk[i + 1];
          s2 += (double) chunk[i + 2] * chunk[i + 2];
          s3 += (double) chunk[i + 3] * chunk[i + 3];
        }
        for (; i < n; i++) {
          s0 += (double) chunk[i] * chunk[i];
        }
      }
    }

    double sum() {
      return (s0 + s1) + (s2 + s3);
    }
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
