package io.tapestream.models;

import io.tapestream.autodiff.TouchedRows;
import io.tapestream.autodiff.Variable;
import io.tapestream.files.SafeTensors;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model's parameters, end to end in one flat vector, and their gradients in another:
 *
 * <pre>
 * 0                                    trainedSize                    size
 * | conv1/kernel | conv1/bias | dense… | bn/moving_mean | …           |
 *   trained, layers in the order they    learned but not trained:
 *   were constructed                     the statistics region
 * </pre>
 *
 * <p>Layers hold views, so an update or a copy is one pass over one vector. Not guarded against
 * concurrent writes.
 */
public final class ParameterVector {

  /**
   * A parameter's place.
   *
   * @param name unique in the model, such as {@code conv1/kernel}
   * @param offset of its first element in the vector
   * @param trained whether an optimizer moves it
   */
  public record Entry(String name, Shape shape, int offset, boolean trained) {}

  private final List<Entry> entries;
  private final int trainedSize;
  private final Tensor values;
  private final Tensor gradients;
  private final Tensor statistics;
  private final Tensor proposedStatistics;
  private final List<Variable> variables;

  ParameterVector(List<Entry> entries, DType dtype) {
    this.entries = List.copyOf(entries);
    this.trainedSize =
        entries.stream().filter(Entry::trained).mapToInt(e -> e.shape().size()).sum();
    Shape flat = Shape.of(entries.stream().mapToInt(e -> e.shape().size()).sum());
    this.values = Tensor.zeros(dtype, flat);
    this.gradients = Tensor.zeros(dtype, flat);
    this.statistics = values.slice(trainedSize, values.size());
    this.proposedStatistics = gradients.slice(trainedSize, values.size());
    this.variables =
        entries.stream().map(e -> variable(e, view(values, e), view(gradients, e))).toList();
  }

  private static Variable variable(Entry entry, Tensor value, Tensor gradient) {
    TouchedRows touched = hasTouchedRows(entry) ? new TouchedRows(gradient) : null;
    return new Variable(entry.name(), value, gradient, entry.trained(), touched);
  }

  private static boolean hasTouchedRows(Entry entry) {
    return entry.trained() && entry.shape().rank() == 2;
  }

  /** The number of values: trained ones and statistics. */
  public int size() {
    return values.size();
  }

  /** The number of trained values; they come first. */
  public int trainedSize() {
    return trainedSize;
  }

  /** All values, flat. */
  public Tensor values() {
    return values;
  }

  /**
   * The gradients of the trained values, flat; behind them the {@link #proposedStatistics}. So what
   * a step leaves here is all that a parameter server needs of it. Who writes to the gradient of a
   * matrix tells its {@link Variable#touchedRows}.
   */
  public Tensor gradients() {
    return gradients;
  }

  /** The statistics, flat: the values behind the trained ones. */
  public Tensor statistics() {
    return statistics;
  }

  /**
   * The statistics as the last step would have them: each the value that its layer proposed for it,
   * or the old one where none did. It is a value, not a difference: whoever combines several takes
   * their mean by the examples' weights.
   */
  public Tensor proposedStatistics() {
    return proposedStatistics;
  }

  /** Makes the {@link #proposedStatistics} the statistics. */
  public void takeProposedStatistics() {
    statistics.copyFrom(proposedStatistics);
  }

  /** The places of the parameters, by offset. */
  public List<Entry> entries() {
    return entries;
  }

  /** The variables, in the order of {@link #entries}. */
  public List<Variable> variables() {
    return variables;
  }

  /** The variables that are trained, in the order of {@link #entries}. */
  public List<Variable> trainedVariables() {
    return variables.stream().filter(Variable::trainable).toList();
  }

  /** The places of the parameters that are trained, frozen or not, by offset. */
  public List<Entry> trainedEntries() {
    return entries.stream().filter(Entry::trained).toList();
  }

  /** The variables at these places. */
  public List<Variable> variablesOf(List<Entry> places) {
    return places.stream().map(e -> variables.get(entries.indexOf(e))).toList();
  }

  /** Views of these places in another flat vector of this size. */
  public List<Tensor> viewsOf(Tensor flat, List<Entry> places) {
    return places.stream().map(e -> view(flat, e)).toList();
  }

  /**
   * Rows kept {@linkplain TouchedRows#beside beside} the gradients of another flat vector of this
   * size, all zeros now.
   *
   * @param views of these places in it
   * @return one per place, null where rows are not kept apart
   */
  public static List<@Nullable TouchedRows> rowsBeside(List<Entry> places, List<Tensor> views) {
    List<@Nullable TouchedRows> touched = new ArrayList<>(places.size());
    for (int i = 0; i < places.size(); i++) {
      touched.add(hasTouchedRows(places.get(i)) ? TouchedRows.beside(views.get(i)) : null);
    }
    return touched;
  }

  /** Sets the gradients of all trained values to zero. */
  public void clearGradients() {
    int from = 0;
    for (int i = 0; i < entries.size() && entries.get(i).trained(); i++) {
      TouchedRows touched = variables.get(i).touchedRows();
      Entry entry = entries.get(i);
      if (touched != null && !touched.all()) {
        clear(from, entry.offset());
        touched.clear();
        from = entry.offset() + entry.shape().size();
      } else if (touched != null) {
        touched.forget();
      }
    }
    clear(from, trainedSize);
  }

  private void clear(int from, int to) {
    if (to > from) {
      gradients.view(from, Shape.of(to - from)).clear();
    }
  }

  /** Sets values {@code from … from+n-1} from an array. */
  public void load(int from, float[] source, int sourceFrom, int n) {
    values.write(from, source, sourceFrom, n);
  }

  /** Copies values {@code from … from+n-1} into an array. */
  public void read(int from, float[] into, int intoFrom, int n) {
    values.read(from, into, intoFrom, n);
  }

  /** The parameters by name, to be written to a file. */
  public List<SafeTensors.Named> named() {
    List<SafeTensors.Named> named = new ArrayList<>(entries.size());
    for (Entry entry : entries) {
      named.add(
          new SafeTensors.Named(
              entry.name(),
              entry.shape(),
              (from, into, intoFrom, n) -> read(entry.offset() + from, into, intoFrom, n)));
    }
    return named;
  }

  /**
   * Sets all values from a file's contents.
   *
   * @throws IllegalArgumentException if it doesn't hold these parameters, naming the first that
   *     differs
   */
  public void load(SafeTensors.Contents contents) {
    if (contents.tensors().size() != entries.size()) {
      throw new IllegalArgumentException(
          "the model has "
              + entries.size()
              + " parameters, the file "
              + contents.tensors().size()
              + " tensors; it belongs to another model");
    }
    for (Entry entry : entries) {
      SafeTensors.Named tensor = contents.tensor(entry.name());
      if (!tensor.shape().equals(entry.shape())) {
        throw new IllegalArgumentException(
            "parameter "
                + entry.name()
                + " has shape "
                + entry.shape()
                + ", in the file "
                + tensor.shape());
      }
    }
    for (Entry entry : entries) {
      load(entry.offset(), contents.tensor(entry.name()).toFloats(), 0, entry.shape().size());
    }
  }

  void close() {
    for (Variable variable : variables) {
      TouchedRows touched = variable.touchedRows();
      if (touched != null) {
        touched.close();
      }
    }
    values.close();
    gradients.close();
  }

  private static Tensor view(Tensor flat, Entry entry) {
    return flat.view(entry.offset(), entry.shape());
  }
}
