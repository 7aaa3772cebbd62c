package io.tapestream.autodiff;

import io.tapestream.backend.Backends;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The ops that a tape has recorded, in their order, and how they are played backwards. */
final class Graph {
  private static final Node[] NONE = {};

  private final IdentityHashMap<Tensor, Node> nodes = new IdentityHashMap<>();
  private final List<Node> order = new ArrayList<>();

  boolean isEmpty() {
    return order.isEmpty();
  }

  void clear() {
    nodes.clear();
    order.clear();
  }

  // Recording

  boolean contains(Tensor tensor) {
    return nodes.containsKey(tensor);
  }

  /**
   * Makes what depends on the tensor be recorded from now on.
   *
   * @return whether it was not before
   */
  boolean watch(Tensor tensor) {
    int before = order.size();
    node(tensor);
    return order.size() > before;
  }

  /** The node of a tensor, watched from now on if no op has made it. */
  private Node node(Tensor tensor) {
    Node node = nodes.get(tensor);
    if (node != null) {
      return node;
    }
    if (!tensor.dtype().isFloating()) {
      throw new IllegalArgumentException("can't watch " + tensor + ": integers have no gradient");
    }
    return add(new Node(tensor, null, null, NONE, order.size()));
  }

  /** Records an op if an input is watched or depends on something that is. */
  void append(Tensor output, Rule kernels, Rule ops, Tensor[] inputs) {
    Node[] known = NONE;
    int count = 0;
    for (Tensor input : inputs) {
      Node node = nodes.get(input);
      if (node != null) {
        if (count == 0) {
          known = new Node[inputs.length];
        }
        known[count++] = node;
      }
    }
    if (count > 0) {
      add(new Node(output, kernels, ops, known, order.size()));
    }
  }

  private Node add(Node node) {
    nodes.put(node.tensor, node);
    order.add(node);
    return node;
  }

  // Playing back

  /** Forgets all gradients, and marks what leads to a source. */
  void want(List<Tensor> sources) {
    for (Node node : order) {
      node.wanted = false;
      node.gradient = null;
      node.callers = null;
      node.touched = null;
      node.kind = Kind.OWN;
    }
    for (Tensor source : sources) {
      Node node = nodes.get(source);
      if (node != null) {
        node.wanted = true;
      }
    }
    for (Node node : order) {
      for (Node input : node.inputs) {
        if (input == null) {
          break;
        }
        node.wanted |= input.wanted;
      }
    }
  }

  /**
   * Has the gradient of a source put into a tensor of the caller's, or added to what it holds.
   *
   * @param touched what is known of that tensor's rows; null if nothing is
   */
  void giveInto(Tensor source, Tensor callers, @Nullable TouchedRows touched, boolean add) {
    Node node = nodes.get(source);
    if (node == null) {
      if (!add) {
        clear(callers, touched);
      }
      return;
    }
    node.callers = callers;
    node.touched = touched;
    if (add) {
      node.gradient = callers;
      node.kind = Kind.CALLERS;
    }
  }

  /** Sets those of the caller's tensors to zero that no gradient was put into. */
  void clearUnconnected() {
    for (Node node : order) {
      if (node.callers != null && node.gradient == null) {
        clear(node.callers, node.touched);
      }
    }
  }

  private static void clear(Tensor gradient, @Nullable TouchedRows touched) {
    if (touched == null) {
      gradient.clear();
    } else {
      touched.clearAgain();
    }
  }

  /**
   * Plays the rules backwards from targets that are in the graph.
   *
   * @param seeds the gradient that arrives at each target, of its shape
   * @param again whether the gradients are to have gradients themselves, by other tapes, which see
   *     ops and no kernels
   */
  void playBack(List<Tensor> targets, List<Tensor> seeds, boolean again) {
    Gradients adjoints = again ? new MadeOfOps() : new Gradients();
    int last = -1;
    for (int i = 0; i < targets.size(); i++) {
      adjoints.pass(targets.get(i), seeds.get(i));
      last = Math.max(last, node(targets.get(i)).index);
    }
    for (int i = last; i >= 0; i--) {
      Node node = order.get(i);
      Rule rule = again ? node.ops : node.kernels;
      if (rule != null && node.gradient != null) {
        adjoints.rule = rule;
        rule.apply(node.gradient, adjoints);
      }
    }
  }

  /** What playing back found for a source; null if no target depends on it. */
  @Nullable Tensor gradientOf(Tensor source) {
    Node node = nodes.get(source);
    if (node == null) {
      return null;
    }
    return node.gradient != null && node.kind == Kind.SHARED ? copy(node.gradient) : node.gradient;
  }

  private static Tensor copy(Tensor tensor) {
    Tensor copy = Tensor.allocate(tensor.dtype(), tensor.shape());
    copy.copyFrom(tensor);
    return copy;
  }

  /** By kernels, into tensors that are added to in place. */
  private class Gradients implements Adjoints {
    @Nullable Rule rule;

    @Nullable Node wanted(Tensor input) {
      Node node = nodes.get(input);
      return node != null && node.wanted ? node : null;
    }

    @Override
    public boolean wants(Tensor input) {
      return wanted(input) != null;
    }

    @Override
    public void add(Tensor input, Kernel kernel) {
      Node node = wanted(input);
      if (node == null) {
        return;
      }
      Tensor gradient = node.gradient;
      boolean accumulate = gradient != null;
      if (gradient == null) {
        gradient = node.room();
      } else if (node.kind == Kind.SHARED) {
        gradient = copy(gradient);
        node.kind = Kind.OWN;
      }
      node.gradient = gradient;
      if (node.touched != null && node.kind == Kind.CALLERS) {
        if (accumulate) {
          node.touched.addAllAgain();
        } else {
          node.touched.overwriteAgain();
        }
      }
      kernel.into(gradient, accumulate);
    }

    @Override
    public void addRows(Tensor table, Tensor ids, Tensor rows) {
      Node node = wanted(table);
      if (node == null) {
        return;
      }
      TouchedRows touched = node.touched;
      if (touched == null || node.callers == null) {
        add(
            table,
            (dtable, accumulate) -> {
              if (!accumulate) {
                dtable.clear();
              }
              Backends.of(rows.dtype()).scatterAddRows(ids, rows, dtable);
            });
        return;
      }
      if (node.gradient == null) {
        touched.clearAgain();
        node.gradient = node.callers;
        node.kind = Kind.CALLERS;
      }
      touched.add(ids, rows);
    }

    @Override
    public void add(Tensor input, Supplier<Tensor> gradient) {
      if (wants(input)) {
        pass(input, gradient.get());
      }
    }

    @Override
    public void pass(Tensor input, Tensor gradient) {
      Node node = wanted(input);
      if (node == null) {
        return;
      }
      Tensor shaped =
          gradient.shape().equals(input.shape()) ? gradient : gradient.reshape(input.shape());
      if (node.gradient == null && node.callers == null) {
        node.gradient = shaped;
        node.kind = Kind.SHARED;
      } else {
        add(input, (dx, accumulate) -> Backends.of(dx.dtype()).scale(1, shaped, dx, accumulate));
      }
    }
  }

  /** By ops that other tapes record; no tensor is changed once it is made. */
  private final class MadeOfOps extends Gradients {
    @Override
    public void add(Tensor input, Kernel kernel) {
      if (wants(input)) {
        throw new UnsupportedOperationException(
            nameOf(rule)
                + " has no second derivative: its gradient rule is made of kernels, which no tape"
                + " sees; take this gradient outside of other tapes, or give GradientTape.record a"
                + " rule made of ops too");
      }
    }

    @Override
    public void addRows(Tensor table, Tensor ids, Tensor rows) {
      add(table, (Kernel) (dtable, accumulate) -> {});
    }

    @Override
    public void pass(Tensor input, Tensor gradient) {
      Node node = wanted(input);
      if (node != null) {
        Tensor shaped = Recorded.reshape(gradient, input.shape());
        node.gradient = node.gradient == null ? shaped : Recorded.add(node.gradient, shaped);
      }
    }

    private static String nameOf(@Nullable Rule rule) {
      String name = rule == null ? "this op" : rule.getClass().getName();
      int lambda = name.indexOf("$$Lambda");
      return name.substring(name.lastIndexOf('.') + 1, lambda < 0 ? name.length() : lambda);
    }
  }

  /** Whose a node's gradient tensor is. */
  private enum Kind {
    /** The graph's own; it may be added to in place. */
    OWN,
    /** Also another node's; it must be copied before anything is added. */
    SHARED,
    /** The caller's; everything is added to what it holds. */
    CALLERS
  }

  /**
   * A watched tensor (no rules) or the output of a recorded op, and, while playing back, its
   * gradient so far.
   */
  private static final class Node {
    final Tensor tensor;
    final @Nullable Rule kernels;
    final @Nullable Rule ops;
    final @Nullable Node[] inputs; // those in the graph, then nulls
    final int index;
    boolean wanted;
    @Nullable Tensor gradient;
    @Nullable Tensor callers;
    @Nullable TouchedRows touched; // of callers
    Kind kind = Kind.OWN;

    Node(
        Tensor tensor,
        @Nullable Rule kernels,
        @Nullable Rule ops,
        @Nullable Node[] inputs,
        int index) {
      this.tensor = tensor;
      this.kernels = kernels;
      this.ops = ops;
      this.inputs = inputs;
      this.index = index;
    }

    /** Where its gradient is to be computed, if it has none yet. */
    Tensor room() {
      Tensor given = callers;
      if (given != null) {
        kind = Kind.CALLERS;
        return given;
      }
      kind = Kind.OWN;
      return Tensor.allocate(tensor.dtype(), tensor.shape());
    }
  }
}
