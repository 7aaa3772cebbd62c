package io.tapestream.operators.train;

import io.tapestream.operators.decode.Reason;
import io.tapestream.operators.decode.Rejected;
import io.tapestream.operators.source.MiniBatch;
import io.tapestream.operators.source.RawRecord;
import io.tapestream.training.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides whether a batch may count, from its loss and its gradient's norm alone, so before
 * anything of it is sent and for all blocks alike (R15). A batch that may not is skipped: it
 * contributes weight 0, and all its examples become dead letters.
 *
 * @param maxNorm greatest norm of the gradient that an optimizer would step with
 * @param meanLoss whether that gradient is the batch's sum divided by its weight
 */
record Guard(double maxNorm, boolean meanLoss) {

  /** Why a batch is skipped, for programs and for people. */
  record Skip(Reason reason, String detail) {

    /**
     * All examples of the batch as rejected ones.
     *
     * @param unusable those that could not be decoded, which keep their own reasons
     */
    List<Rejected> reject(MiniBatch batch, List<Rejected> unusable) {
      List<Rejected> all = new ArrayList<>();
      int next = 0;
      for (int i = 0; i < batch.records().size(); i++) {
        RawRecord source = batch.records().get(i);
        int row = source.fromRow();
        for (; next < unusable.size() && unusable.get(next).record() == i; next++) {
          addRows(all, i, row, unusable.get(next).row());
          all.add(unusable.get(next));
          row = unusable.get(next).row() + unusable.get(next).rows();
        }
        addRows(all, i, row, source.toRow());
      }
      return all;
    }

    private void addRows(List<Rejected> all, int index, int from, int to) {
      if (from < to) {
        all.add(new Rejected(index, from, to - from, reason, detail));
      }
    }
  }

  /** Why a batch must not count; empty if it may. */
  Optional<Skip> refuse(MiniBatch batch, StepResult result) {
    double norm = result.weightSum() == 0 ? 0 : result.gradientNorm(meanLoss);
    if (!result.finite()) {
      return Optional.of(
          new Skip(
              Reason.NOT_FINITE_GRADIENT,
              "the gradient of %s is not finite (loss %s, gradient norm %s)"
                  .formatted(batch.origin(), result.meanLoss(), norm)));
    }
    if (norm > maxNorm) {
      return Optional.of(
          new Skip(
              Reason.GRADIENT_TOO_LARGE,
              "the gradient of %s has norm %s, more than guard.maxGradientNorm %s (loss %s)"
                  .formatted(batch.origin(), norm, maxNorm, result.meanLoss())));
    }
    return Optional.empty();
  }
}
