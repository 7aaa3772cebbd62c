package io.tapestream.autodiff;

import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Records the ops of its thread while it is open, and computes gradients by playing their rules
 * backwards.
 *
 * <pre>{@code
 * try (GradientTape tape = new GradientTape()) {
 *   Tensor loss = Mean.of(Square.of(Subtract.of(MatMul.of(x, w.value()), y)));
 *   tape.accumulate(loss, List.of(w)); // w.gradient() += dloss/dw
 * }
 * }</pre>
 *
 * <p>It watches the trainable {@linkplain Variable variables} whose value is read while it is open,
 * and whatever it is told to {@link #watch}. Only ops that depend on something watched are
 * recorded, and only gradients that lead to something asked for are computed. A gradient can be
 * asked for more than once. Views made by {@link Tensor} itself are not seen by a tape; {@code
 * ops.Reshape} is.
 *
 * <p>A tape belongs to the thread that opened it; a thread has one open at a time. Gradients are
 * allocated like any tensor: in the thread's workspace, if it has entered one.
 */
public final class GradientTape implements AutoCloseable {
  private static final ThreadLocal<@Nullable GradientTape> CURRENT = new ThreadLocal<>();

  private final IdentityHashMap<Tensor, Node> nodes = new IdentityHashMap<>();
  private final List<Node> order = new ArrayList<>();
  private boolean playing;
  private boolean closed;

  /**
   * Opens a tape on this thread.
   *
   * @throws IllegalStateException if the thread has one open
   */
  public GradientTape() {
    if (CURRENT.get() != null) {
      throw new IllegalStateException(
          "this thread has a gradient tape open already; close it first (one tape serves several gradients)");
    }
    CURRENT.set(this);
  }

  /**
   * Makes the tape record what depends on this tensor from now on.
   *
   * @throws IllegalArgumentException for integers, which have no gradient
   */
  public void watch(Tensor tensor) {
    requireOpen("watch");
    if (!nodes.containsKey(tensor)) {
      watched(tensor);
    }
  }

  private Node watched(Tensor tensor) {
    if (!tensor.dtype().isFloating()) {
      throw new IllegalArgumentException("can't watch " + tensor + ": integers have no gradient");
    }
    return add(new Node(tensor, null, List.of()));
  }

  /**
   * The gradients of a scalar for tensors that were watched or computed from such; zeros for one it
   * does not depend on.
   *
   * @param loss one element
   * @return one gradient per source, of its shape
   * @throws IllegalArgumentException if loss has more than one element
   * @throws IllegalStateException if the tape is closed, or loss was not computed from anything it
   *     watches
   */
  public List<Tensor> gradient(Tensor loss, List<Tensor> sources) {
    Node last = begin("gradient", loss, sources);
    requireScalar(loss);
    playBack(last, ones(loss));
    List<Tensor> gradients = new ArrayList<>(sources.size());
    for (Tensor source : sources) {
      gradients.add(gradientOf(source));
    }
    return gradients;
  }

  /**
   * Adds the gradients of a scalar for variables to their {@link Variable#gradient()}.
   *
   * @param loss one element
   * @throws IllegalArgumentException if loss has more than one element
   * @throws IllegalStateException if the tape is closed, or loss was not computed from anything it
   *     watches
   */
  public void accumulate(Tensor loss, List<Variable> variables) {
    requireOpen("accumulate");
    requireScalar(loss);
    accumulate(loss, ones(loss), variables, variables.stream().map(Variable::gradient).toList());
  }

  /**
   * Adds {@code Σ seed · ∂output/∂variable} to tensors of the caller's, such as a piece's partial
   * gradients.
   *
   * @param output any shape
   * @param seed the gradient that arrives at the output, of its shape, such as the examples'
   *     weights
   * @param variables what to differentiate for
   * @param into one per variable, of its shape; added to, straight by the op that computes the
   *     gradient
   * @throws IllegalStateException if the tape is closed, or output was not computed from anything
   *     it watches
   */
  public void accumulate(Tensor output, Tensor seed, List<Variable> variables, List<Tensor> into) {
    if (!seed.shape().equals(output.shape())) {
      throw new IllegalArgumentException(
          "the seed has shape " + seed.shape() + " but the output " + output.shape());
    }
    if (variables.size() != into.size()) {
      throw new IllegalArgumentException(
          variables.size()
              + " variables but "
              + into.size()
              + " tensors to add their gradients to");
    }
    List<Tensor> sources = variables.stream().map(Variable::value).toList();
    Node last = begin("accumulate", output, sources);
    for (int i = 0; i < into.size(); i++) {
      Node node = node(sources.get(i));
      if (!into.get(i).shape().equals(node.tensor.shape())) {
        throw new IllegalArgumentException(
            "the gradient of "
                + variables.get(i)
                + " can't be added to a tensor of shape "
                + into.get(i).shape());
      }
      node.gradient = into.get(i);
      node.kind = Kind.CALLERS;
    }
    playBack(last, seed);
  }

  /** Ends the recording and forgets it; the tape can't be used any more. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      nodes.clear();
      order.clear();
      if (CURRENT.get() == this) {
        CURRENT.remove();
      }
    }
  }

  // For ops and variables

  /**
   * Tells the thread's tape, if one is open, what an op did; it is recorded if an input is watched.
   * Every op ends with this call, which also keeps its inputs reachable until their memory has been
   * read.
   *
   * @return the output
   */
  public static Tensor record(Tensor output, Rule rule, Tensor... inputs) {
    try {
      GradientTape tape = CURRENT.get();
      if (tape != null && !tape.playing) {
        tape.append(output, rule, inputs);
      }
      return output;
    } finally {
      for (Tensor input : inputs) {
        Reference.reachabilityFence(input);
      }
    }
  }

  static void watchOnCurrent(Tensor value) {
    GradientTape tape = CURRENT.get();
    if (tape != null && !tape.playing) {
      tape.watch(value);
    }
  }

  private void append(Tensor output, Rule rule, Tensor[] inputs) {
    List<Node> watched = List.of();
    for (Tensor input : inputs) {
      Node node = nodes.get(input);
      if (node != null) {
        if (watched.isEmpty()) {
          watched = new ArrayList<>(inputs.length);
        }
        watched.add(node);
      }
    }
    if (!watched.isEmpty()) {
      add(new Node(output, rule, watched));
    }
  }

  private Node add(Node node) {
    nodes.put(node.tensor, node);
    order.add(node);
    return node;
  }

  // Playing back

  private Node begin(String call, Tensor output, List<Tensor> sources) {
    requireOpen(call);
    Node last = nodes.get(output);
    if (last == null) {
      throw new IllegalStateException(
          call
              + ": the output "
              + output
              + " was not computed from anything this tape watches;"
              + " compute it while the tape is open, from trainable variables or watched tensors");
    }
    for (Node node : order) {
      node.wanted = false;
      node.gradient = null;
      node.kind = Kind.OWN;
    }
    for (Tensor source : sources) {
      node(source).wanted = true;
    }
    for (Node node : order) {
      for (Node input : node.inputs) {
        node.wanted |= input.wanted;
      }
    }
    return last;
  }

  /** The node of a source; one that no op has read is watched only now. */
  private Node node(Tensor source) {
    Node node = nodes.get(source);
    return node != null ? node : watched(source);
  }

  private void playBack(Node last, Tensor seed) {
    playing = true;
    try {
      Adjoints adjoints = new Gradients();
      adjoints.pass(last.tensor, seed);
      for (int i = order.indexOf(last); i >= 0; i--) {
        Node node = order.get(i);
        if (node.rule != null && node.gradient != null) {
          node.rule.apply(node.gradient, adjoints);
        }
      }
    } finally {
      playing = false;
    }
  }

  private Tensor gradientOf(Tensor source) {
    Node node = node(source);
    if (node.gradient == null) {
      return Tensor.zeros(source.dtype(), source.shape());
    }
    return node.kind == Kind.SHARED ? copy(node.gradient) : node.gradient;
  }

  private static Tensor copy(Tensor tensor) {
    Tensor copy = Tensor.allocate(tensor.dtype(), tensor.shape());
    copy.copyFrom(tensor);
    return copy;
  }

  private static Tensor ones(Tensor like) {
    Tensor ones = Tensor.allocate(like.dtype(), like.shape());
    Backends.of(like.dtype()).fill(ones, 1);
    return ones;
  }

  private static void requireScalar(Tensor loss) {
    if (loss.size() != 1) {
      throw new IllegalArgumentException(
          "a gradient is taken of a scalar, but the loss has shape "
              + loss.shape()
              + "; reduce it with Sum or Mean, or give a seed");
    }
  }

  private void requireOpen(String call) {
    if (closed) {
      throw new IllegalStateException(
          call + ": this gradient tape is closed; ask for gradients inside its try block");
    }
    if (CURRENT.get() != this) {
      throw new IllegalStateException(
          call
              + ": this gradient tape belongs to another thread; use it on the one that opened it");
    }
  }

  private final class Gradients implements Adjoints {
    @Override
    public boolean wants(Tensor input) {
      Node node = nodes.get(input);
      return node != null && node.wanted;
    }

    @Override
    public void add(Tensor input, Kernel kernel) {
      Node node = nodes.get(input);
      if (node == null || !node.wanted) {
        return;
      }
      Tensor gradient = node.gradient;
      boolean accumulate = gradient != null;
      if (gradient == null) {
        gradient = Tensor.allocate(input.dtype(), input.shape());
        node.kind = Kind.OWN;
      } else if (node.kind == Kind.SHARED) {
        gradient = copy(gradient);
        node.kind = Kind.OWN;
      }
      node.gradient = gradient;
      kernel.into(gradient, accumulate);
    }

    @Override
    public void pass(Tensor input, Tensor gradient) {
      Node node = nodes.get(input);
      if (node == null || !node.wanted) {
        return;
      }
      Tensor shaped =
          gradient.shape().equals(input.shape()) ? gradient : gradient.reshape(input.shape());
      if (node.gradient == null) {
        node.gradient = shaped;
        node.kind = Kind.SHARED;
      } else {
        add(input, (dx, accumulate) -> Backends.of(dx.dtype()).scale(1, shaped, dx, accumulate));
      }
    }
  }

  /** Whose a node's gradient tensor is. */
  private enum Kind {
    /** The tape's own; it may be added to in place. */
    OWN,
    /** Also another node's; it must be copied before anything is added. */
    SHARED,
    /** The caller's; everything is added to what it holds. */
    CALLERS
  }

  /**
   * A watched tensor (no rule) or the output of a recorded op, and, while playing back, its
   * gradient so far.
   */
  private static final class Node {
    final Tensor tensor;
    final @Nullable Rule rule;
    final List<Node> inputs;
    boolean wanted;
    @Nullable Tensor gradient;
    Kind kind = Kind.OWN;

    Node(Tensor tensor, @Nullable Rule rule, List<Node> inputs) {
      this.tensor = tensor;
      this.rule = rule;
      this.inputs = inputs;
    }
  }
}
