package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.VectorKernels.FLOATS;
import static io.tapestream.backend.cpu.VectorKernels.LANES;
import static io.tapestream.backend.cpu.VectorKernels.load;
import static io.tapestream.backend.cpu.VectorKernels.store;
import static java.lang.invoke.MethodType.methodType;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import io.tapestream.backend.RectifiedNorm;
import io.tapestream.tensor.Tensor;
import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * A line in arrays, which are faster to reach than memory outside the heap and stay in the
 * first-level cache from loop to loop; see {@link VectorElements} for why there are several. Each
 * does to an element what the kernels do that it stands for.
 */
@SuppressWarnings("UnusedMethod") // a table finds its loops by their names
final class VectorLine implements NormLine {
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final ByteBuffer NOWHERE = ByteBuffer.allocateDirect(0);

  /** Added to a choice whose maximum is not above the rectifier's threshold. */
  private static final int FLAT = 8;

  /** Added to a choice whose maximum is at the rectifier's ceiling. */
  private static final int CAPPED = 16;

  private enum Loop {
    RECTIFY,
    MAXIMA,
    CHOICES,
    GIVEN,
    SPREAD,
    SUMS,
    GRADIENT
  }

  private static final LoopTable<Loop> LOOPS =
      new LoopTable<>(
          MethodHandles.lookup(),
          Loop.class,
          loop -> true,
          methodType(void.class, VectorLine.class, int.class, int.class));

  private @Nullable RectifiedNorm norm;
  private final int k;

  /** Of x; a row has half as many, and the maxima a quarter. */
  private final int elements;

  private final float slope;
  private final float threshold;
  private final float ceiling;

  private final float[] x;

  /** What was rectified, or the gradient of what was normalized. */
  private final float[] middle;

  private final float[] largest;

  /**
   * The bits of an int for each maximum: which element of its window it is, line by line, 4 for
   * none, and where it lies on the rectifier.
   */
  private final float[] choices;

  /** Memory that a loop reads or writes as it goes, without a copy. */
  private ByteBuffer in = NOWHERE;

  private int inAt;
  private ByteBuffer out = NOWHERE;
  private int outAt;

  /** The line whose gradient is here; none at first. */
  private int present = -1;

  /** For each column. */
  private float[] center = {};

  private float[] factor = {};
  private float[] along = {};
  private float[] shift = {};
  private float[] products = {};
  private float[] totals = {};

  VectorLine(Form form) {
    this.k = form.k();
    this.elements = form.elements();
    this.slope = (float) form.rectifier().slope();
    this.threshold = (float) form.rectifier().threshold();
    this.ceiling = (float) form.rectifier().ceiling();
    this.x = new float[elements];
    this.middle = new float[elements];
    this.largest = new float[elements / 4];
    this.choices = new float[elements / 4];
  }

  private void run(Loop loop, int from, int to) {
    try {
      LOOPS.loop(loop).invokeExact(this, from, to);
    } catch (Throwable e) {
      throw LoopTable.unchecked(e);
    }
  }

  @Override
  public void turnTo(@Nullable RectifiedNorm another) {
    norm = another;
    present = -1;
    in = NOWHERE;
    out = NOWHERE;
  }

  private RectifiedNorm norm() {
    return Objects.requireNonNull(norm, "a line goes through a norm");
  }

  @Override
  public void forward(int line, Normalization.Columns columns) {
    center = columns.center();
    factor = columns.factor();
    shift = columns.shift();
    norm().x().read(line * elements, x, 0, elements);
    run(Loop.RECTIFY, 0, elements);
    out = norm().y().buffer();
    outAt = norm().y().byteOffset() + line * elements;
    run(Loop.MAXIMA, 0, elements / 2);
    out = norm().between().buffer();
    outAt = norm().between().byteOffset() + line * elements;
    run(Loop.CHOICES, 0, elements / 2);
  }

  /** Makes the gradient of a line's normalized elements. */
  private void take(int line, Tensor dy) {
    dy.read(line * largest.length, largest, 0, largest.length);
    norm().between().read(line * choices.length, choices, 0, choices.length);
    run(Loop.GIVEN, 0, largest.length);
    run(Loop.SPREAD, 0, elements / 2);
    present = line;
  }

  @Override
  public void addSums(int from, int n, Tensor dy, float[] mean, float[][] sums) {
    center = mean;
    products = sums[0];
    totals = sums[1];
    int end = from + n;
    for (int at = from; at < end; ) {
      int line = at / elements;
      int start = line * elements;
      if (line != present) {
        norm().x().read(start, x, 0, elements);
        take(line, dy);
      }
      int stop = Math.min(elements, end - start);
      run(Loop.SUMS, at - start, stop);
      at = start + stop;
    }
  }

  @Override
  public void gradient(int line, Tensor dy, Normalization.Slopes slopes, Tensor dx) {
    center = slopes.center();
    factor = slopes.own();
    along = slopes.along();
    shift = slopes.shift();
    take(line, dy);
    in = norm().x().buffer();
    inAt = norm().x().byteOffset() + 4 * line * elements;
    out = dx.buffer();
    outAt = dx.byteOffset() + 4 * line * elements;
    run(Loop.GRADIENT, 0, elements);
  }

  // The loops, each over some of the line's elements; those over windows, over the upper row

  /** As {@link Kernels#normalize} and {@link Kernels#rectify}. */
  private static void rectify(VectorLine line, int from, int to) {
    float[] x = line.x;
    float[] y = line.middle;
    FloatVector low = FloatVector.broadcast(FLOATS, line.threshold);
    FloatVector high = FloatVector.broadcast(FLOATS, line.ceiling);
    FloatVector flat = FloatVector.broadcast(FLOATS, line.slope);
    int k = line.k;
    for (int j = 0; j < k; j += LANES) {
      FloatVector center = FloatVector.fromArray(FLOATS, line.center, j);
      FloatVector factor = FloatVector.fromArray(FLOATS, line.factor, j);
      FloatVector shift = FloatVector.fromArray(FLOATS, line.shift, j);
      for (int i = from + j; i < to; i += k) {
        FloatVector value = FloatVector.fromArray(FLOATS, x, i).sub(center).mul(factor).add(shift);
        FloatVector below = value.sub(low).mul(flat);
        FloatVector risen = value.blend(below, value.compare(LT, low));
        risen.blend(high, value.compare(GE, high)).intoArray(y, i);
      }
    }
  }

  /** As {@link Kernels#maxOfWindows}; notes where the rectifier has which slope. */
  private static void maxima(VectorLine line, int from, int to) {
    float[] x = line.middle;
    float[] y = line.largest;
    float[] choices = line.choices;
    FloatVector low = FloatVector.broadcast(FLOATS, line.threshold);
    FloatVector high = FloatVector.broadcast(FLOATS, line.ceiling);
    IntVector flat = IntVector.broadcast(INTS, FLAT);
    IntVector steep = IntVector.zero(INTS);
    IntVector capped = IntVector.broadcast(INTS, CAPPED);
    ByteBuffer out = line.out;
    int outAt = line.outAt;
    int k = line.k;
    int below = line.elements / 2;
    int own = from / 2;
    for (int first = from; first < to; first += 2 * k) {
      for (int i = first; i < first + k; i += LANES, own += LANES) {
        FloatVector upper =
            FloatVector.fromArray(FLOATS, x, i).max(FloatVector.fromArray(FLOATS, x, i + k));
        FloatVector lower =
            FloatVector.fromArray(FLOATS, x, i + below)
                .max(FloatVector.fromArray(FLOATS, x, i + below + k));
        FloatVector max = upper.max(lower);
        max.intoArray(y, own);
        store(max, out, outAt + 4 * own);
        flat.blend(steep, max.compare(GT, low).cast(INTS))
            .blend(capped, max.compare(GE, high).cast(INTS))
            .reinterpretAsFloats()
            .intoArray(choices, own);
      }
    }
  }

  /**
   * Adds to what is noted which element of its window a maximum is: the first whose bits are equal
   * but for the sign of a zero.
   */
  private static void choices(VectorLine line, int from, int to) {
    float[] x = line.middle;
    float[] largest = line.largest;
    float[] choices = line.choices;
    FloatVector zero = FloatVector.zero(FLOATS);
    IntVector none = IntVector.broadcast(INTS, 4);
    IntVector fourth = IntVector.broadcast(INTS, 3);
    IntVector third = IntVector.broadcast(INTS, 2);
    IntVector second = IntVector.broadcast(INTS, 1);
    IntVector first = IntVector.zero(INTS);
    ByteBuffer out = line.out;
    int outAt = line.outAt;
    int k = line.k;
    int below = line.elements / 2;
    int own = from / 2;
    for (int window = from; window < to; window += 2 * k) {
      for (int i = window; i < window + k; i += LANES, own += LANES) {
        IntVector max = FloatVector.fromArray(FLOATS, largest, own).add(zero).reinterpretAsInts();
        IntVector a = FloatVector.fromArray(FLOATS, x, i).add(zero).reinterpretAsInts();
        IntVector b = FloatVector.fromArray(FLOATS, x, i + k).add(zero).reinterpretAsInts();
        IntVector c = FloatVector.fromArray(FLOATS, x, i + below).add(zero).reinterpretAsInts();
        IntVector d = FloatVector.fromArray(FLOATS, x, i + below + k).add(zero).reinterpretAsInts();
        IntVector slope = FloatVector.fromArray(FLOATS, choices, own).reinterpretAsInts();
        IntVector choice =
            none.blend(fourth, d.compare(EQ, max))
                .blend(third, c.compare(EQ, max))
                .blend(second, b.compare(EQ, max))
                .blend(first, a.compare(EQ, max));
        store(choice.add(slope).reinterpretAsFloats(), out, outAt + 4 * own);
      }
    }
  }

  /** As {@link Kernels#rectifyGradient}, of the maxima. */
  private static void given(VectorLine line, int from, int to) {
    float[] dy = line.largest;
    float[] choices = line.choices;
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    FloatVector flat = FloatVector.broadcast(FLOATS, line.slope);
    FloatVector zero = FloatVector.zero(FLOATS);
    IntVector flatFrom = IntVector.broadcast(INTS, FLAT);
    IntVector cappedFrom = IntVector.broadcast(INTS, CAPPED);
    for (int i = from; i < to; i += LANES) {
      IntVector choice = FloatVector.fromArray(FLOATS, choices, i).reinterpretAsInts();
      FloatVector factor =
          one.blend(flat, choice.compare(GE, flatFrom).cast(FLOATS))
              .blend(zero, choice.compare(GE, cappedFrom).cast(FLOATS));
      FloatVector.fromArray(FLOATS, dy, i).mul(factor).intoArray(dy, i);
    }
  }

  /** As {@link Kernels#maxOfWindowsGradient}. */
  private static void spread(VectorLine line, int from, int to) {
    float[] given = line.largest;
    float[] choices = line.choices;
    float[] dx = line.middle;
    FloatVector zero = FloatVector.zero(FLOATS);
    IntVector element = IntVector.broadcast(INTS, FLAT - 1);
    IntVector fourth = IntVector.broadcast(INTS, 3);
    IntVector third = IntVector.broadcast(INTS, 2);
    IntVector second = IntVector.broadcast(INTS, 1);
    IntVector first = IntVector.zero(INTS);
    int k = line.k;
    int below = line.elements / 2;
    int own = from / 2;
    for (int window = from; window < to; window += 2 * k) {
      for (int i = window; i < window + k; i += LANES, own += LANES) {
        FloatVector g = FloatVector.fromArray(FLOATS, given, own);
        IntVector choice =
            FloatVector.fromArray(FLOATS, choices, own).reinterpretAsInts().and(element);
        zero.blend(g, choice.compare(EQ, first).cast(FLOATS)).intoArray(dx, i);
        zero.blend(g, choice.compare(EQ, second).cast(FLOATS)).intoArray(dx, i + k);
        zero.blend(g, choice.compare(EQ, third).cast(FLOATS)).intoArray(dx, i + below);
        zero.blend(g, choice.compare(EQ, fourth).cast(FLOATS)).intoArray(dx, i + below + k);
      }
    }
  }

  /** As {@link Kernels#addProducts} and {@link Kernels#addColumns}. */
  private static void sums(VectorLine line, int from, int to) {
    float[] x = line.x;
    float[] dy = line.middle;
    int k = line.k;
    for (int j = 0; j < k; j += LANES) {
      FloatVector center = FloatVector.fromArray(FLOATS, line.center, j);
      FloatVector product = FloatVector.fromArray(FLOATS, line.products, j);
      FloatVector total = FloatVector.fromArray(FLOATS, line.totals, j);
      for (int i = from + j; i < to; i += k) {
        FloatVector g = FloatVector.fromArray(FLOATS, dy, i);
        product = product.add(FloatVector.fromArray(FLOATS, x, i).sub(center).mul(g));
        total = total.add(g);
      }
      product.intoArray(line.products, j);
      total.intoArray(line.totals, j);
    }
  }

  /** As {@link Kernels#normalizeGradient}. */
  private static void gradient(VectorLine line, int from, int to) {
    ByteBuffer x = line.in;
    ByteBuffer dx = line.out;
    int xAt = line.inAt;
    int dxAt = line.outAt;
    float[] dy = line.middle;
    float[] center = line.center;
    float[] factor = line.factor;
    float[] along = line.along;
    float[] shift = line.shift;
    int k = line.k;
    for (int row = from; row < to; row += k) {
      for (int j = 0; j < k; j += LANES) {
        int i = row + j;
        FloatVector d = load(x, xAt + 4 * i).sub(FloatVector.fromArray(FLOATS, center, j));
        FloatVector g =
            FloatVector.fromArray(FLOATS, dy, i).mul(FloatVector.fromArray(FLOATS, factor, j));
        FloatVector sum = g.add(d.mul(FloatVector.fromArray(FLOATS, along, j)));
        store(sum.add(FloatVector.fromArray(FLOATS, shift, j)), dx, dxAt + 4 * i);
      }
    }
  }
}
