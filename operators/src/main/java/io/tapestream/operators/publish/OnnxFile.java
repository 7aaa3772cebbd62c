package io.tapestream.operators.publish;

import io.tapestream.files.FileEntry;
import io.tapestream.models.Model;
import io.tapestream.onnx.OnnxExport;
import io.tapestream.onnx.OnnxExport.Origin;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Map;

/**
 * A version's model as ONNX, with the weights that are staged. Its number is not known yet; the
 * file names the submission, the checkpoint and the round instead.
 *
 * @param classes finds the model's classes
 */
record OnnxFile(PublishingPlan plan, ClassLoader classes) {

  /** Its name in a version's directory. */
  static final String NAME = "model.onnx";

  private static final int CHUNK = 1 << 16;

  /**
   * Writes the file.
   *
   * @throws IOException if the file can't be written, or the model has no form as ONNX, which is
   *     found at submission unless it depends on the weights
   * @throws java.io.UncheckedIOException if the staged weights can't be read
   */
  FileEntry write(Path path, StagedVector weights, long checkpoint, Cut cut) throws IOException {
    int[] input = plan.settings().input().shape().stream().mapToInt(Integer::intValue).toArray();
    try (Model model = plan.settings().model().model(classes);
        HashingFile file = new HashingFile(path)) {
      model.build(Shape.of(input), 0);
      model.parameters().gradients().close(); // it is never trained
      copy(weights, model.parameters().values());
      Origin origin =
          new Origin(
              plan.model(),
              0,
              Map.of(
                  "run", plan.run(),
                  "checkpoint", Long.toString(checkpoint),
                  "round", Long.toString(cut.round())));
      OutputStream out = new BufferedOutputStream(Channels.newOutputStream(file), CHUNK);
      export(model, origin, out);
      out.flush();
      return file.finish();
    }
  }

  private static void export(Model model, Origin origin, OutputStream out) throws IOException {
    try {
      OnnxExport.write(model, origin, out);
    } catch (IllegalArgumentException e) {
      throw new IOException("the model has no form as " + NAME + ": " + e.getMessage(), e);
    }
  }

  private static void copy(StagedVector weights, Tensor values) {
    float[] chunk = new float[CHUNK];
    for (int from = 0; from < values.size(); from += CHUNK) {
      int n = Math.min(CHUNK, values.size() - from);
      weights.read(from, chunk, 0, n);
      values.write(from, chunk, 0, n);
    }
  }
}
