package io.tapestream.autodiff;

import io.tapestream.tensor.Tensor;
import java.lang.ref.Reference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The tapes that the thread has open, the innermost first. */
final class OpenTapes {
  private static final ThreadLocal<@Nullable OpenTapes> INNERMOST = new ThreadLocal<>();

  private final GradientTape tape;
  private @Nullable OpenTapes enclosing;

  private OpenTapes(GradientTape tape, @Nullable OpenTapes enclosing) {
    this.tape = tape;
    this.enclosing = enclosing;
  }

  static void open(GradientTape tape) {
    INNERMOST.set(new OpenTapes(tape, INNERMOST.get()));
  }

  /** Takes a tape out, wherever among the others it is. */
  static void close(GradientTape tape) {
    OpenTapes inner = null;
    OpenTapes open = INNERMOST.get();
    while (open != null && open.tape != tape) {
      inner = open;
      open = open.enclosing;
    }
    if (open == null) {
      return;
    }
    if (inner != null) {
      inner.enclosing = open.enclosing;
    } else if (open.enclosing != null) {
      INNERMOST.set(open.enclosing);
    } else {
      INNERMOST.remove();
    }
  }

  static boolean any(Predicate<GradientTape> condition) {
    for (OpenTapes open = INNERMOST.get(); open != null; open = open.enclosing) {
      if (condition.test(open.tape)) {
        return true;
      }
    }
    return false;
  }

  /** Tells all of an op, and keeps its inputs reachable until then. */
  static void append(Tensor output, Rule kernels, Rule ops, Tensor[] inputs) {
    try {
      for (OpenTapes open = INNERMOST.get(); open != null; open = open.enclosing) {
        open.tape.append(output, kernels, ops, inputs);
      }
    } finally {
      for (Tensor input : inputs) {
        Reference.reachabilityFence(input);
      }
    }
  }

  /** Tells all that a variable is read. */
  static void onRead(Variable variable) {
    for (OpenTapes open = INNERMOST.get(); open != null; open = open.enclosing) {
      open.tape.onRead(variable);
    }
  }
}
