package io.tapestream.capture;

import io.tapestream.backend.FusedPrimitives;
import io.tapestream.backend.NormColumns;
import io.tapestream.backend.RectifiedNorm;
import io.tapestream.backend.RectifiedNorm.Rectifier;
import io.tapestream.backend.Window;
import io.tapestream.capture.Program.Instruction;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Puts fused primitives in the place of several, where nobody sees what lies between them. They
 * give the same bits, so it does not matter whether a step finds something to fuse.
 */
final class Fusion {
  private final List<@Nullable Instruction> program;
  private final List<List<Tensor>> touched = new ArrayList<>();
  private final List<Tensor> outputs;

  private Fusion(List<Instruction> program, List<Tensor> outputs) {
    this.program = new ArrayList<>(program);
    this.outputs = outputs;
    program.forEach(instruction -> touched.add(Touched.by(instruction)));
  }

  /**
   * A program that does the same.
   *
   * @param outputs tensors that are read when it has run
   */
  static List<Instruction> of(List<Instruction> program, List<Tensor> outputs) {
    boolean hidden = program.stream().anyMatch(Touched::isHidden);
    return hidden ? program : new Fusion(program, outputs).fused();
  }

  private List<Instruction> fused() {
    for (int i = 0; i < program.size(); i++) {
      Call normalize = call(i, "normalize");
      if (normalize != null && normalize.target() instanceof FusedPrimitives backend) {
        fuse(i, normalize, backend);
      }
    }
    return program.stream().filter(Objects::nonNull).toList();
  }

  /** What belongs to a norm, by its place in the program; -1 for what there is not. */
  private static final class Parts {
    int rectify = -1;
    int pool = -1;
    int poolGradient = -1;
    int rectifyGradient = -1;
    int sums = -1;
    int gradient = -1;

    boolean has(int i) {
      return i == rectify
          || i == pool
          || i == poolGradient
          || i == rectifyGradient
          || i == sums
          || i == gradient;
    }

    int last() {
      return Math.max(pool, Math.max(sums, gradient));
    }
  }

  private void fuse(int at, Call normalize, FusedPrimitives backend) {
    Parts parts = new Parts();
    if (!find(at, normalize, parts)) {
      return;
    }
    RectifiedNorm norm = norm(normalize, parts);
    if (!backend.fuses(norm) || !staysAsItIs(at, norm, parts)) {
      return;
    }
    program.set(at, null);
    replace(parts.rectify, null);
    replace(parts.pool, new Fused("rectifiedNorm", norm, () -> backend.rectifiedNorm(norm)));
    if (parts.sums >= 0) {
      Call sums = built(parts.sums);
      Tensor dgamma = sums.argument(5, Tensor.class);
      Tensor dbeta = sums.argument(6, Tensor.class);
      Tensor dy = dy(parts);
      replace(parts.poolGradient, null);
      replace(parts.rectifyGradient, null);
      replace(
          parts.sums,
          new Fused(
              "rectifiedNormSums", norm, () -> backend.rectifiedNormSums(norm, dy, dgamma, dbeta)));
      if (parts.gradient >= 0) {
        Call gradient = built(parts.gradient);
        Tensor dx = gradient.argument(8, Tensor.class);
        replace(
            parts.gradient,
            new Fused(
                "rectifiedNormGradient",
                norm,
                () -> backend.rectifiedNormGradient(norm, dy, dgamma, dbeta, dx)));
      }
    }
  }

  /** A call of a fused primitive. */
  private record Fused(String primitive, RectifiedNorm norm, Runnable call) implements Instruction {
    @Override
    public void run() {
      call.run();
    }

    @Override
    public String toString() {
      return primitive + " " + norm.x().shape() + " " + norm.y().shape();
    }
  }

  private void replace(int at, @Nullable Instruction instruction) {
    if (at >= 0) {
      program.set(at, instruction);
    }
  }

  private RectifiedNorm norm(Call normalize, Parts parts) {
    Call rectify = built(parts.rectify);
    Call pool = built(parts.pool);
    return new RectifiedNorm(
        normalize.argument(0, Tensor.class),
        new NormColumns(
            normalize.argument(1, Tensor.class),
            normalize.argument(2, Tensor.class),
            (Tensor) normalize.arguments()[3],
            (Tensor) normalize.arguments()[4],
            normalize.argument(5, Double.class)),
        new Rectifier(
            rectify.argument(1, Double.class),
            rectify.argument(2, Double.class),
            rectify.argument(3, Double.class)),
        pool.argument(1, Window.class),
        normalize.argument(6, Tensor.class),
        pool.argument(2, Tensor.class));
  }

  /** The gradient that comes from behind. */
  private Tensor dy(Parts parts) {
    return built(parts.poolGradient).argument(2, Tensor.class);
  }

  /** Finds the parts; false if something else sees what lies between them, or one is missing. */
  private boolean find(int at, Call normalize, Parts parts) {
    Tensor normal = normalize.argument(6, Tensor.class);
    Users ofNormal = new Users(normal, at);
    parts.rectify = ofNormal.only("rectify", 0);
    parts.rectifyGradient = ofNormal.only("rectifyGradient", 0);
    if (parts.rectify < 0 || !ofNormal.areAllFound()) {
      return false;
    }
    Tensor rectified = built(parts.rectify).argument(4, Tensor.class);
    Users ofRectified = new Users(rectified, parts.rectify);
    parts.pool = ofRectified.only("maxPool2d", 0);
    parts.poolGradient = ofRectified.only("maxPool2dGradient", 0);
    return parts.pool > parts.rectify
        && ofRectified.areAllFound()
        && poolsFit(parts)
        && findGradients(normalize, parts);
  }

  /** Whether there are both gradients or none, of what the one and the other computed. */
  private boolean poolsFit(Parts parts) {
    if (parts.poolGradient < 0 || parts.rectifyGradient < 0) {
      return parts.poolGradient < 0 && parts.rectifyGradient < 0;
    }
    Call rectify = built(parts.rectify);
    Call pool = built(parts.pool);
    return built(parts.rectifyGradient).has(1, rectify, 1, 2, 3)
        && built(parts.rectifyGradient).arguments()[6].equals(false)
        && built(parts.poolGradient).has(1, pool, 2)
        && built(parts.poolGradient).has(3, pool, 1)
        && built(parts.poolGradient).arguments()[5].equals(false);
  }

  private boolean findGradients(Call normalize, Parts parts) {
    if (parts.rectifyGradient < 0) {
      return true;
    }
    Tensor given = built(parts.poolGradient).argument(4, Tensor.class);
    Users ofGiven = new Users(given, parts.poolGradient);
    if (ofGiven.only("rectifyGradient", 4) != parts.rectifyGradient || !ofGiven.areAllFound()) {
      return false;
    }
    Tensor passed = built(parts.rectifyGradient).argument(5, Tensor.class);
    Users ofPassed = new Users(passed, parts.rectifyGradient);
    parts.sums = ofPassed.only("normalizeSums", 4);
    parts.gradient = ofPassed.only("normalizeGradient", 5);
    return parts.sums > parts.rectifyGradient
        && ofPassed.areAllFound()
        && built(parts.sums).has(0, normalize, 0, 1, 2, 5)
        && (parts.gradient < 0 || isOf(built(parts.gradient), normalize, parts));
  }

  private boolean isOf(Call gradient, Call normalize, Parts parts) {
    return parts.gradient > parts.sums
        && gradient.has(0, normalize, 0, 1, 2, 3, 5)
        && gradient.has(6, built(parts.sums), 5, 6)
        && gradient.arguments()[9].equals(false);
  }

  /** Whether nothing changes what the fused primitives read anew. */
  private boolean staysAsItIs(int at, RectifiedNorm norm, Parts parts) {
    for (int i = at + 1; i < parts.last(); i++) {
      if (program.get(i) != null && !parts.has(i) && mayChange(i, norm)) {
        return false;
      }
    }
    if (parts.sums < 0) {
      return true;
    }
    Tensor dy = dy(parts);
    for (int i = parts.poolGradient + 1; i < parts.last(); i++) {
      if (program.get(i) != null && !parts.has(i) && (touches(i, dy) || touches(i, norm.y()))) {
        return false;
      }
    }
    if (parts.gradient < 0) {
      return true;
    }
    Tensor dx = built(parts.gradient).argument(8, Tensor.class);
    return !Touched.overlap(dx, dy)
        && !Touched.overlap(dx, norm.x())
        && !Touched.overlap(dx, norm.y());
  }

  /** A statistic may be read on the way, as a moving mean does; all else is left alone. */
  private boolean mayChange(int i, RectifiedNorm norm) {
    NormColumns columns = norm.columns();
    if (touches(i, norm.x()) || touches(i, columns.gamma()) || touches(i, columns.beta())) {
      return true;
    }
    if (!touches(i, columns.mean()) && !touches(i, columns.variance())) {
      return false;
    }
    Call scale = call(i, "scale");
    return scale == null
        || Touched.overlap(scale.argument(2, Tensor.class), columns.mean())
        || Touched.overlap(scale.argument(2, Tensor.class), columns.variance());
  }

  private boolean touches(int i, @Nullable Tensor tensor) {
    return tensor != null
        && touched.get(i).stream().anyMatch(other -> Touched.overlap(other, tensor));
  }

  private @Nullable Call call(int i, String primitive) {
    return program.get(i) instanceof Call call && call.is(primitive) ? call : null;
  }

  private Call built(int i) {
    return (Call) Objects.requireNonNull(program.get(i));
  }

  /** What else there is in a program that touches a tensor. */
  private final class Users {
    private final Tensor tensor;
    private final List<Integer> places = new ArrayList<>();

    /**
     * @param maker the instruction that computes it
     */
    Users(Tensor tensor, int maker) {
      this.tensor = tensor;
      for (int i = 0; i < program.size(); i++) {
        if (i != maker && touches(i, tensor)) {
          places.add(i);
        }
      }
    }

    /**
     * The only call of a primitive that takes the tensor in this place, or -1; it is then found.
     */
    int only(String primitive, int argument) {
      BiFunction<Call, Integer, Boolean> takes =
          (call, i) -> call != null && call.arguments()[i] == tensor;
      List<Integer> all =
          places.stream().filter(i -> takes.apply(call(i, primitive), argument)).toList();
      if (all.size() != 1) {
        return -1;
      }
      places.remove(all.get(0));
      return all.get(0);
    }

    /** Whether there is no other, and nobody reads it in the end. */
    boolean areAllFound() {
      return places.isEmpty()
          && outputs.stream().noneMatch(output -> Touched.overlap(output, tensor));
    }
  }
}
