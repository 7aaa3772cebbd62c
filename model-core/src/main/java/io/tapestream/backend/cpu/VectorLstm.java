package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.VectorKernels.FLOATS;
import static io.tapestream.backend.cpu.VectorKernels.LANES;
import static io.tapestream.backend.cpu.VectorKernels.load;
import static io.tapestream.backend.cpu.VectorKernels.store;
import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/**
 * Loops over the units of one row of an LSTM's step, whose gates are under the sigmoid and whose
 * candidate is under the hyperbolic tangent; see {@link VectorElements} for why there are several.
 */
@SuppressWarnings({"UnusedMethod", "UnusedVariable"}) // a table finds its loops by their names
final class VectorLstm {
  /** The loops, all of one type; each reads what it needs. */
  private enum Loop {
    STATE,
    OUTPUT_GRADIENT,
    INPUT_GRADIENT,
    FORGET_GRADIENT
  }

  private static final LoopTable<Loop> LOOPS =
      new LoopTable<>(
          MethodHandles.lookup(),
          Loop.class,
          loop -> true,
          methodType(
              void.class,
              ByteBuffer.class,
              int.class,
              ByteBuffer.class,
              int.class,
              ByteBuffer.class,
              int.class,
              ByteBuffer.class,
              int.class,
              ByteBuffer.class,
              int.class,
              ByteBuffer.class,
              int.class,
              int.class,
              int.class));

  private VectorLstm() {}

  /** As {@link Kernels#lstmState}, for units {@code 0 … end-1}. */
  static void state(
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer c,
      int cAt,
      int end,
      int u) {
    run(Loop.STATE, gates, gatesAt, before, beforeAt, c, cAt, c, cAt, c, cAt, c, cAt, end, u);
  }

  /** As {@link Kernels#lstmGradient}, for units {@code 0 … end-1}. */
  static void gradient(
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer activated,
      int activatedAt,
      ByteBuffer dh,
      int dhAt,
      ByteBuffer dc,
      int dcAt,
      ByteBuffer dz,
      int dzAt,
      int end,
      int u) {
    for (Loop loop : GRADIENT) {
      run(
          loop,
          gates,
          gatesAt,
          before,
          beforeAt,
          activated,
          activatedAt,
          dh,
          dhAt,
          dc,
          dcAt,
          dz,
          dzAt,
          end,
          u);
    }
  }

  /** In this order: the last one replaces the gradient of c that the others read. */
  private static final Loop[] GRADIENT = {
    Loop.OUTPUT_GRADIENT, Loop.INPUT_GRADIENT, Loop.FORGET_GRADIENT
  };

  private static void run(
      Loop loop,
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer activated,
      int activatedAt,
      ByteBuffer dh,
      int dhAt,
      ByteBuffer c,
      int cAt,
      ByteBuffer dz,
      int dzAt,
      int end,
      int u) {
    try {
      LOOPS
          .loop(loop)
          .invokeExact(
              gates,
              gatesAt,
              before,
              beforeAt,
              activated,
              activatedAt,
              dh,
              dhAt,
              c,
              cAt,
              dz,
              dzAt,
              end,
              u);
    } catch (Throwable e) {
      throw LoopTable.unchecked(e);
    }
  }

  private static void state(
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer activated,
      int activatedAt,
      ByteBuffer dh,
      int dhAt,
      ByteBuffer c,
      int cAt,
      ByteBuffer dz,
      int dzAt,
      int end,
      int u) {
    for (int j = 0; j < 4 * end; j += 4 * LANES) {
      FloatVector kept = load(gates, gatesAt + 4 * u + j).mul(load(before, beforeAt + j));
      FloatVector taken = load(gates, gatesAt + j).mul(load(gates, gatesAt + 8 * u + j));
      store(kept.add(taken), c, cAt + j);
    }
  }

  /** The output gate's, and the whole gradient of c. */
  private static void outputGradient(
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer activated,
      int activatedAt,
      ByteBuffer dh,
      int dhAt,
      ByteBuffer c,
      int cAt,
      ByteBuffer dz,
      int dzAt,
      int end,
      int u) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    for (int j = 0; j < 4 * end; j += 4 * LANES) {
      FloatVector out = load(gates, gatesAt + 12 * u + j);
      FloatVector squashed = load(activated, activatedAt + j);
      FloatVector g = load(dh, dhAt + j);
      store(g.mul(squashed).mul(out.mul(one.sub(out))), dz, dzAt + 12 * u + j);
      FloatVector own = g.mul(out).mul(one.sub(squashed.mul(squashed)));
      store(load(c, cAt + j).add(own), c, cAt + j);
    }
  }

  /** The input gate's and the candidate's. */
  private static void inputGradient(
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer activated,
      int activatedAt,
      ByteBuffer dh,
      int dhAt,
      ByteBuffer c,
      int cAt,
      ByteBuffer dz,
      int dzAt,
      int end,
      int u) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    for (int j = 0; j < 4 * end; j += 4 * LANES) {
      FloatVector in = load(gates, gatesAt + j);
      FloatVector candidate = load(gates, gatesAt + 8 * u + j);
      FloatVector d = load(c, cAt + j);
      store(d.mul(candidate).mul(in.mul(one.sub(in))), dz, dzAt + j);
      store(d.mul(in).mul(one.sub(candidate.mul(candidate))), dz, dzAt + 8 * u + j);
    }
  }

  /** The forget gate's, and that of c of the step before. */
  private static void forgetGradient(
      ByteBuffer gates,
      int gatesAt,
      ByteBuffer before,
      int beforeAt,
      ByteBuffer activated,
      int activatedAt,
      ByteBuffer dh,
      int dhAt,
      ByteBuffer c,
      int cAt,
      ByteBuffer dz,
      int dzAt,
      int end,
      int u) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    for (int j = 0; j < 4 * end; j += 4 * LANES) {
      FloatVector forget = load(gates, gatesAt + 4 * u + j);
      FloatVector d = load(c, cAt + j);
      FloatVector old = load(before, beforeAt + j);
      store(d.mul(old).mul(forget.mul(one.sub(forget))), dz, dzAt + 4 * u + j);
      store(d.mul(forget), c, cAt + j);
    }
  }
}
