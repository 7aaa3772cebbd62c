package io.tapestream.training;

import io.tapestream.autodiff.TouchedRows;
import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.models.ParameterVector.Entry;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A batch's gradient, the sum of its pieces': in the model's gradient vector, but for tables of
 * which only some rows were named; those rows lie apart until {@link #intoVector}.
 */
final class BatchGradient implements AutoCloseable {
  private final ParameterVector parameters;
  private final List<Entry> places;
  private final GradientRoom first;
  private final List<Place> tables = new ArrayList<>(); // all that may be; by offset

  /** A matrix: whether it was written to as a whole, and else its rows. */
  private static final class Place {
    final int index;
    final Entry entry;
    final Tensor view;
    final TouchedRows noted; // what the model knows of it
    final RowSums rows;
    boolean whole;

    Place(int index, Entry entry, Tensor view, TouchedRows noted) {
      this.index = index;
      this.entry = entry;
      this.view = view;
      this.noted = noted;
      this.rows = new RowSums(view.dtype(), entry.shape());
    }

    int end() {
      return entry.offset() + entry.shape().size();
    }
  }

  BatchGradient(Model model) {
    this.parameters = model.parameters();
    this.places = model.trainableEntries();
    this.first = GradientRoom.of(model);
    List<Variable> variables = parameters.variablesOf(places);
    for (int i = 0; i < places.size(); i++) {
      TouchedRows noted = variables.get(i).touchedRows();
      if (noted != null) {
        tables.add(new Place(i, places.get(i), first.views().get(i), noted));
      }
    }
  }

  /** Whether it covers all that an optimizer may move; not where layers are frozen. */
  boolean coversAll() {
    return places.stream().mapToInt(place -> place.shape().size()).sum()
        == parameters.trainedSize();
  }

  /** Where the first piece's gradient goes: straight into the model's vector. */
  GradientRoom first() {
    return first;
  }

  /** Forgets the batch before. */
  void begin() {
    for (Place table : tables) {
      TouchedRows ofFirst = first.touched().get(table.index);
      if (table.noted.all() && ofFirst != null) {
        ofFirst.addAll(); // it is cleared or overwritten by the first piece
        table.noted.forget();
      } else {
        table.noted.clear();
      }
      table.rows.clear();
      table.whole = false;
    }
  }

  /** Adds a piece's gradient; the memory of its step must still be there. */
  void add(GradientRoom piece) {
    int from = 0;
    for (Place table : tables) {
      TouchedRows touched = piece.touched().get(table.index);
      if (touched == null) {
        continue;
      }
      touched.forEachBeside(table.rows::add);
      if (touched.all()) {
        table.whole = true;
      } else {
        addStretch(piece, from, table.entry.offset());
        from = table.end();
      }
    }
    addStretch(piece, from, parameters.trainedSize());
  }

  private void addStretch(GradientRoom piece, int from, int to) {
    if (to > from && piece != first) {
      Tensor sum = first.flat().slice(from, to);
      backend().binary(Binary.ADD, sum, piece.flat().slice(from, to), sum, false);
    }
  }

  /** Σg² in double. */
  double squares() {
    double sum = 0;
    int from = 0;
    for (Place table : tables) {
      if (table.whole) {
        addRows(table);
      } else {
        sum += squares(from, table.entry.offset());
        if (table.rows.count() > 0) {
          sum += backend().squares(table.rows.sums());
        }
        from = table.end();
      }
    }
    return sum + squares(from, parameters.trainedSize());
  }

  private double squares(int from, int to) {
    return to > from ? backend().squares(first.flat().slice(from, to)) : 0;
  }

  /** Adds the rows of a matrix to what was written to it as a whole. */
  private void addRows(Place table) {
    if (table.rows.count() > 0) {
      backend().scatterAddRows(table.rows.rows(), table.rows.sums(), table.view);
      table.rows.clear();
    }
  }

  /** Puts the rows that lie apart where they belong, and notes what is in the vector. */
  void intoVector() {
    for (Place table : tables) {
      if (table.whole) {
        addRows(table);
        table.noted.addAll();
      } else if (table.rows.count() > 0) {
        backend().setRows(table.rows.rows(), table.rows.sums(), table.view);
        table.noted.wrote(table.rows.rows());
        table.rows.clear();
      }
    }
  }

  /** The rows of a matrix that lie apart; null if it lies in the vector. */
  @Nullable RowSums rowsOf(Entry entry) {
    for (Place table : tables) {
      if (table.entry.offset() == entry.offset()) {
        return table.whole ? null : table.rows;
      }
    }
    return null;
  }

  private Backend backend() {
    return Backends.of(first.flat().dtype());
  }

  @Override
  public void close() {
    tables.forEach(table -> table.rows.close());
    first.close();
  }
}
