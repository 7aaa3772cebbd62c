package io.tapestream.backend.nd4j;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.OpContext;

/** A native op with its arrays and arguments bound, ready to run again. */
final class Nd4jCall {
  private final String op;
  private final INDArray[] outputs;
  private final long[] ints;
  private final double[] reals;
  private final INDArray[] inputs;
  private final Runnable action;
  private final @Nullable OpContext context;

  Nd4jCall(
      String op,
      INDArray[] outputs,
      long[] ints,
      double[] reals,
      INDArray[] inputs,
      Runnable action,
      @Nullable OpContext context) {
    this.op = op;
    this.outputs = outputs;
    this.ints = ints;
    this.reals = reals;
    this.inputs = inputs;
    this.action = action;
    this.context = context;
  }

  /** Whether it is this op on these very arrays with equal arguments. */
  boolean is(
      String otherOp,
      INDArray[] otherOutputs,
      long[] otherInts,
      double[] otherReals,
      INDArray[] otherInputs) {
    return op.equals(otherOp)
        && same(outputs, otherOutputs)
        && same(inputs, otherInputs)
        && Arrays.equals(ints, otherInts)
        && Arrays.equals(reals, otherReals);
  }

  private static boolean same(INDArray[] a, INDArray[] b) {
    if (a.length != b.length) {
      return false;
    }
    for (int i = 0; i < a.length; i++) {
      if (a[i] != b[i]) {
        return false;
      }
    }
    return true;
  }

  void run() {
    action.run();
  }

  /** Frees the native context. */
  void free() {
    if (context != null) {
      try {
        context.close();
      } catch (Exception e) {
        throw new IllegalStateException("ND4J could not free the context of " + op, e);
      }
    }
  }
}
