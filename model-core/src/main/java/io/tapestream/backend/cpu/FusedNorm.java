package io.tapestream.backend.cpu;

import io.tapestream.backend.NormColumns;
import io.tapestream.backend.RectifiedNorm;
import io.tapestream.backend.RectifiedNorm.Rectifier;
import io.tapestream.backend.Window;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Tensor;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;

/**
 * {@link RectifiedNorm}s line by line: memory is read once for all that is done to an image, and
 * written once for its maxima. The maxima's places are noted, four bytes for four elements, so that
 * the gradient reads neither what was normalized nor what was rectified.
 */
final class FusedNorm {
  private static final int WAITING_LINES = 32;

  private final Kernels kernels;
  private final PlanPool<NormLine.Form, NormLine> waiting =
      new PlanPool<>(WAITING_LINES, this::line);

  FusedNorm(Kernels kernels) {
    this.kernels = kernels;
  }

  /** Whether there is a loop for it, windows are 2 × 2 side by side, and a line fits the cache. */
  boolean fits(RectifiedNorm norm) {
    Tensor x = norm.x();
    Rectifier rectifier = norm.rectifier();
    return x.dtype() == DType.FLOAT32
        && x.rank() == 4
        && x.size() > 0
        && x.dim(1) % 2 == 0
        && x.dim(2) % 2 == 0
        && x.dim(3) % Normalization.SIDE_BY_SIDE == 0
        && norm.window().equals(new Window(2, 2, 2, 2, 0, 0, 0, 0))
        && 2L * x.dim(2) * x.dim(3) <= Normalization.PIECE
        && rectifier.slope() >= 0
        && rectifier.threshold() >= 0
        && rectifier.ceiling() > rectifier.threshold()
        && kernels.line(NormLine.Form.of(norm)) != null;
  }

  private NormLine line(NormLine.Form form) {
    return Objects.requireNonNull(kernels.line(form), "norms are fused where there are lines");
  }

  private void go(RectifiedNorm norm, Consumer<NormLine> way) {
    NormLine.Form form = NormLine.Form.of(norm);
    NormLine line = waiting.take(form);
    line.turnTo(norm);
    way.accept(line);
    line.turnTo(null);
    waiting.giveBack(form, line);
  }

  private void byLines(RectifiedNorm norm, ObjIntConsumer<NormLine> work) {
    int elements = NormLine.Form.of(norm).elements();
    Parts.ofRows(
        norm.x().size() / elements,
        elements,
        (from, to) ->
            go(
                norm,
                line -> {
                  for (int i = from; i < to; i++) {
                    work.accept(line, i);
                  }
                }));
  }

  void forward(RectifiedNorm norm) {
    Normalization.Columns columns = Normalization.Columns.of(norm.columns());
    byLines(norm, (line, i) -> line.forward(i, columns));
  }

  void sums(RectifiedNorm norm, Tensor dy, Tensor dgamma, Tensor dbeta) {
    NormColumns columns = norm.columns();
    float[] mean = columns.mean().toFloats();
    Normalization.sums(
        norm.x().size() / mean.length,
        columns.variance(),
        columns.epsilon(),
        (at, count, length, sums) ->
            go(norm, line -> line.addSums(at / 4, count * length, dy, mean, sums)),
        dgamma,
        dbeta);
  }

  void gradient(RectifiedNorm norm, Tensor dy, Tensor dgamma, Tensor dbeta, Tensor dx) {
    NormColumns columns = norm.columns();
    Normalization.Slopes slopes =
        Normalization.Slopes.of(
            norm.x().size() / columns.mean().size(),
            columns.mean(),
            columns.variance(),
            columns.gamma(),
            columns.epsilon(),
            dgamma,
            dbeta);
    byLines(norm, (line, i) -> line.gradient(i, dy, slopes, dx));
  }
}
