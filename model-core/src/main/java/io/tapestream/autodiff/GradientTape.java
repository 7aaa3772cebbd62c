package io.tapestream.autodiff;

import io.tapestream.tensor.Differentiable;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Records the ops of its thread while it is open, and computes gradients by playing their rules
 * backwards; TensorFlow's {@code tf.GradientTape}.
 *
 * <pre>{@code
 * try (GradientTape tape = new GradientTape()) {
 *   Tensor loss = Mean.of(Square.of(Subtract.of(MatMul.of(x, w.value()), y)));
 *   Tensor gradient = tape.gradient(loss, w); // dloss/dw, of w's shape
 * }
 * }</pre>
 *
 * <p>It watches the trainable {@linkplain Variable variables} whose value is read while it is open,
 * and whatever it is told to {@link #watch}. Only ops that depend on something watched are
 * recorded, and only gradients that lead to something asked for are computed. Views made by {@link
 * Tensor} itself are not seen by a tape; {@code ops.Reshape} is.
 *
 * <p>A tape gives gradients once and is then used up; a {@linkplain #persistent() persistent} one
 * gives them as often as it is asked while it is open.
 *
 * <p>Tapes nest, each recording what it watches. An outer one also records how an inner one
 * computes its gradients, and so has gradients of these:
 *
 * <pre>{@code
 * try (GradientTape outer = new GradientTape()) {
 *   outer.watch(x);
 *   Tensor slope;
 *   try (GradientTape inner = new GradientTape()) {
 *     inner.watch(x);
 *     slope = inner.gradient(Sum.of(Multiply.of(x, Square.of(x))), x); // 3x²
 *   }
 *   Tensor curvature = outer.jacobian(slope, x); // 6x on the diagonal
 * }
 * }</pre>
 *
 * <p>A tape doesn't record its own playing back. It belongs to the thread that opened it. Gradients
 * are allocated like any tensor: in the thread's workspace, if it has entered one.
 */
public final class GradientTape implements AutoCloseable {
  private final Thread owner = Thread.currentThread();
  private final boolean persistent;
  private final boolean watchAccessedVariables;
  private final Graph graph = new Graph();
  private final List<Variable> watched = new ArrayList<>();
  private int pauses;
  private boolean used;
  private boolean closed;

  /** Opens a tape that gives gradients once, and watches trainable variables as they are read. */
  public GradientTape() {
    this(false, true);
  }

  /**
   * Opens a tape.
   *
   * @param persistent whether it gives gradients more than once
   * @param watchAccessedVariables whether it watches trainable variables as they are read; if not,
   *     only what it is told to
   */
  public GradientTape(boolean persistent, boolean watchAccessedVariables) {
    this.persistent = persistent;
    this.watchAccessedVariables = watchAccessedVariables;
    OpenTapes.open(this);
  }

  /** Opens a tape that gives gradients as often as it is asked. */
  public static GradientTape persistent() {
    return new GradientTape(true, true);
  }

  // What is recorded

  /**
   * Makes the tape record what depends on this tensor or variable from now on.
   *
   * @throws IllegalArgumentException for integers, which have no gradient
   */
  public void watch(Differentiable source) {
    requireUsable("watch");
    if (source instanceof Variable variable) {
      watchVariable(variable);
    } else {
      graph.watch(source.tensor());
    }
  }

  /** The variables it watches, in the order in which it came to. */
  public List<Variable> watchedVariables() {
    return List.copyOf(watched);
  }

  /**
   * Stops recording until what is returned is closed: for what a loop computes beside its loss.
   *
   * <pre>{@code
   * try (GradientTape.Pause pause = tape.stopRecording()) {
   *   log(Mean.of(Abs.of(y)).item());
   * }
   * }</pre>
   */
  public Pause stopRecording() {
    requireUsable("stopRecording");
    pauses++;
    return new Pause(this);
  }

  /** Forgets everything that was recorded and watched, as if the tape had just been opened. */
  public void reset() {
    requireOpen("reset");
    graph.clear();
    watched.clear();
    used = false;
  }

  /** A stretch in which a tape does not record; closed by try-with-resources. */
  public static final class Pause implements AutoCloseable {
    private final GradientTape tape;
    private boolean over;

    private Pause(GradientTape tape) {
      this.tape = tape;
    }

    /** Lets the tape record again, unless another pause goes on. */
    @Override
    public void close() {
      if (!over) {
        over = true;
        tape.pauses--;
      }
    }
  }

  // Gradients

  /** As {@link #gradient(Tensor, List)}, for one source. */
  public Tensor gradient(Tensor target, Differentiable source) {
    return gradient(target, List.of(source)).get(0);
  }

  /**
   * The gradients of a scalar for variables and tensors that were watched or computed from such;
   * zeros for one it does not depend on.
   *
   * @param target one element
   * @return one gradient per source, of its shape
   * @throws IllegalArgumentException if target has more than one element
   * @throws IllegalStateException if the tape is closed or used up, or target was not computed from
   *     anything it watches
   */
  public List<Tensor> gradient(Tensor target, List<? extends Differentiable> sources) {
    requireUsable("gradient");
    Seeds.requireScalar(target);
    requireRecorded("gradient", target);
    return gradient(List.of(target), sources, UnconnectedGradients.ZERO);
  }

  /** The gradients of the sum of scalars; see the form that takes their output gradients. */
  public List<@Nullable Tensor> gradient(
      List<Tensor> targets,
      List<? extends Differentiable> sources,
      UnconnectedGradients unconnected) {
    targets.forEach(Seeds::requireScalar);
    return gradient(targets, targets.stream().map(Seeds::one).toList(), sources, unconnected);
  }

  /**
   * {@code Σ outputGradient · ∂target/∂source}, over all elements of all targets, which any tensors
   * may be.
   *
   * @param targets any shapes
   * @param outputGradients the gradient that arrives at each target, of its shape
   * @param unconnected what stands for the gradient of a source that no target depends on
   * @return one gradient per source, of its shape, or null as asked for; not to be written to if
   *     another tape records
   * @throws IllegalArgumentException if shapes don't agree
   * @throws IllegalStateException if the tape is closed or used up
   * @throws UnsupportedOperationException if another tape records, and an op on the way has no
   *     second derivative, naming it
   */
  public List<@Nullable Tensor> gradient(
      List<Tensor> targets,
      List<Tensor> outputGradients,
      List<? extends Differentiable> sources,
      UnconnectedGradients unconnected) {
    requireUsable("gradient");
    Seeds.requireFit(targets, outputGradients);
    List<Tensor> tensors = tensors(sources);
    List<@Nullable Tensor> gradients = play(targets, outputGradients, tensors, unconnected);
    useUp();
    return gradients;
  }

  private List<@Nullable Tensor> play(
      List<Tensor> targets,
      List<Tensor> seeds,
      List<Tensor> sources,
      UnconnectedGradients unconnected) {
    graph.want(sources);
    List<Tensor> known = new ArrayList<>(targets.size());
    List<Tensor> knownSeeds = new ArrayList<>(targets.size());
    for (int i = 0; i < targets.size(); i++) {
      if (graph.contains(targets.get(i))) {
        known.add(targets.get(i));
        knownSeeds.add(seeds.get(i));
      }
    }
    playBack(known, knownSeeds, isRecorded());
    List<@Nullable Tensor> gradients = new ArrayList<>(sources.size());
    for (Tensor source : sources) {
      Tensor gradient = graph.gradientOf(source);
      gradients.add(
          gradient == null && unconnected == UnconnectedGradients.ZERO
              ? Tensor.zeros(source.dtype(), source.shape())
              : gradient);
    }
    return gradients;
  }

  /** As {@link #jacobian(Tensor, List)}, for one source. */
  public Tensor jacobian(Tensor target, Differentiable source) {
    return jacobian(target, List.of(source)).get(0);
  }

  /**
   * The derivative of each element of a target for each element of a source: {@code J[i…, j…] =
   * ∂target[i…] / ∂source[j…]}. It plays back once for each element of the target.
   *
   * @param target any shape but an empty one
   * @return one tensor per source, of the target's shape followed by the source's; zeros where
   *     there is no connection
   * @throws IllegalArgumentException if target has no elements
   * @throws IllegalStateException if the tape is closed or used up
   */
  public List<Tensor> jacobian(Tensor target, List<? extends Differentiable> sources) {
    requireUsable("jacobian");
    if (target.size() == 0) {
      throw new IllegalArgumentException(
          "jacobian: the target has shape " + target.shape() + " and no element to differentiate");
    }
    List<Tensor> tensors = tensors(sources);
    List<List<Tensor>> rows = new ArrayList<>(target.size());
    for (int i = 0; i < target.size(); i++) {
      List<Tensor> seed = List.of(Seeds.one(target, i));
      rows.add(play(List.of(target), seed, tensors, UnconnectedGradients.ZERO));
    }
    useUp();
    List<Tensor> jacobians = new ArrayList<>(tensors.size());
    for (int k = 0; k < tensors.size(); k++) {
      int source = k;
      jacobians.add(
          Recorded.stack(
              rows.stream().map(row -> row.get(source)).toList(),
              Seeds.join(target.shape(), tensors.get(k).shape())));
    }
    return jacobians;
  }

  /**
   * Adds the gradients of a scalar for variables to their {@link Variable#gradient()}. Other tapes
   * don't see it.
   *
   * @param loss one element
   * @throws IllegalArgumentException if loss has more than one element
   * @throws IllegalStateException if the tape is closed or used up, or loss was not computed from
   *     anything it watches
   */
  public void accumulate(Tensor loss, List<Variable> variables) {
    requireUsable("accumulate");
    Seeds.requireScalar(loss);
    List<Tensor> into = variables.stream().map(Variable::gradientForTapes).toList();
    List<@Nullable TouchedRows> touched = new ArrayList<>(variables.size());
    variables.forEach(variable -> touched.add(variable.touchedRows()));
    play("accumulate", loss, Seeds.one(loss), variables, into, touched, true);
  }

  /**
   * Adds {@code Σ seed · ∂output/∂variable} to tensors of the caller's, such as a piece's partial
   * gradients. Other tapes don't see it.
   *
   * @param output any shape
   * @param seed the gradient that arrives at the output, of its shape, such as the examples'
   *     weights
   * @param variables what to differentiate for
   * @param into one per variable, of its shape; added to, straight by the op that computes the
   *     gradient
   * @throws IllegalStateException if the tape is closed or used up, or output was not computed from
   *     anything it watches
   */
  public void accumulate(Tensor output, Tensor seed, List<Variable> variables, List<Tensor> into) {
    play("accumulate", output, seed, variables, into, unknown(into), true);
  }

  /**
   * As {@link #accumulate(Tensor, Tensor, List, List)}, but what {@code into} holds is overwritten,
   * with zeros where there is no connection.
   */
  public void gradientInto(
      Tensor output, Tensor seed, List<Variable> variables, List<Tensor> into) {
    gradientInto(output, seed, variables, into, unknown(into));
  }

  /**
   * As {@link #gradientInto(Tensor, Tensor, List, List)}, where it may be known of a tensor which
   * of its rows hold anything but zeros: then only rows are written to.
   *
   * @param touched one per tensor, null where nothing is known of it
   */
  public void gradientInto(
      Tensor output,
      Tensor seed,
      List<Variable> variables,
      List<Tensor> into,
      List<@Nullable TouchedRows> touched) {
    play("gradientInto", output, seed, variables, into, touched, false);
  }

  private static List<@Nullable TouchedRows> unknown(List<Tensor> into) {
    return Collections.nCopies(into.size(), null);
  }

  private void play(
      String call,
      Tensor output,
      Tensor seed,
      List<Variable> variables,
      List<Tensor> into,
      List<@Nullable TouchedRows> touched,
      boolean add) {
    requireUsable(call);
    Seeds.requireFit(List.of(output), List.of(seed));
    requireRecorded(call, output);
    if (variables.size() != into.size()) {
      throw new IllegalArgumentException(
          variables.size()
              + " variables but "
              + into.size()
              + " tensors to add their gradients to");
    }
    graph.want(tensors(variables));
    for (int i = 0; i < into.size(); i++) {
      Tensor value = variables.get(i).tensor();
      if (!into.get(i).shape().equals(value.shape())) {
        throw new IllegalArgumentException(
            "the gradient of "
                + variables.get(i)
                + " can't be added to a tensor of shape "
                + into.get(i).shape());
      }
      graph.giveInto(value, into.get(i), touched.get(i), add);
    }
    playBack(List.of(output), List.of(seed), false);
    graph.clearUnconnected();
    useUp();
  }

  private void playBack(List<Tensor> targets, List<Tensor> seeds, boolean again) {
    pauses++;
    try {
      graph.playBack(targets, seeds, again);
    } finally {
      pauses--;
    }
  }

  private void useUp() {
    if (!persistent) {
      used = true;
      graph.clear();
    }
  }

  /** Ends the recording and forgets it; the tape can't be used any more. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      graph.clear();
      if (owner == Thread.currentThread()) {
        OpenTapes.close(this);
      }
    }
  }

  // For ops and variables

  /**
   * Tells the thread's tapes what an op did, where one rule serves in both of its {@linkplain Rule
   * forms}, or where the op has no second derivative.
   *
   * @return the output
   */
  public static Tensor record(Tensor output, Rule rule, Tensor... inputs) {
    return record(output, rule, rule, inputs);
  }

  /**
   * Tells the thread's tapes what an op did; a tape records it if it watches an input. Every op
   * ends with this call, which also keeps its inputs reachable until their memory has been read.
   *
   * @param output a tensor of the op's own, no input
   * @param kernels its rule by kernels
   * @param ops its rule made of ops, for gradients that are to have gradients
   * @return the output
   */
  public static Tensor record(Tensor output, Rule kernels, Rule ops, Tensor... inputs) {
    OpenTapes.append(output, kernels, ops, inputs);
    return output;
  }

  /** Whether the thread has a tape open that records. */
  public static boolean isThreadRecording() {
    return OpenTapes.any(GradientTape::isRecording);
  }

  void append(Tensor output, Rule kernels, Rule ops, Tensor[] inputs) {
    if (isRecording()) {
      graph.append(output, kernels, ops, inputs);
    }
  }

  void onRead(Variable variable) {
    if (watchAccessedVariables && isRecording()) {
      watchVariable(variable);
    }
  }

  private void watchVariable(Variable variable) {
    if (graph.watch(variable.tensor())) {
      watched.add(variable);
    }
  }

  private boolean isRecording() {
    return !closed && !used && pauses == 0;
  }

  /** Whether another tape of this thread watches anything, so that it may see the gradients. */
  private boolean isRecorded() {
    return OpenTapes.any(tape -> tape != this && tape.isRecording() && !tape.graph.isEmpty());
  }

  private static List<Tensor> tensors(List<? extends Differentiable> sources) {
    List<Tensor> tensors = new ArrayList<>(sources.size());
    for (Differentiable source : sources) {
      tensors.add(source.tensor());
    }
    return tensors;
  }

  // Errors

  private void requireRecorded(String call, Tensor target) {
    if (!graph.contains(target)) {
      throw new IllegalStateException(
          call
              + ": the output "
              + target
              + " was not computed from anything this tape watches;"
              + " compute it while the tape is open, from trainable variables or watched tensors");
    }
  }

  private void requireUsable(String call) {
    requireOpen(call);
    if (used) {
      throw new IllegalStateException(
          call
              + ": this gradient tape is used up, since it has given its gradients; ask for all of"
              + " them in one call, or open it by GradientTape.persistent()");
    }
  }

  private void requireOpen(String call) {
    if (closed) {
      throw new IllegalStateException(
          call + ": this gradient tape is closed; ask for gradients inside its try block");
    }
    if (owner != Thread.currentThread()) {
      throw new IllegalStateException(
          call
              + ": this gradient tape belongs to another thread; use it on the one that opened it");
    }
  }
}
