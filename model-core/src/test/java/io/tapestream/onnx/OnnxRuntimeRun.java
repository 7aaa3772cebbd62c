package io.tapestream.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxModelMetadata;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.tapestream.models.Functional;
import io.tapestream.models.Model;
import io.tapestream.onnx.OnnxExport.Origin;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import onnx.Onnx.ModelProto;

/** Exported models in onnxruntime, beside the models themselves. */
final class OnnxRuntimeRun {
  private static final int ROWS = 3;
  private static final double TOLERANCE = 1e-5;

  static byte[] export(Model model) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      OnnxExport.write(model, new Origin("tried", 7, Map.of("round", "96")), bytes);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return bytes.toByteArray();
  }

  /** The operators of an exported model in their order. */
  static List<String> operators(Model model) {
    try {
      return ModelProto.parseFrom(export(model)).getGraph().getNodeList().stream()
          .map(node -> node.getOpType())
          .toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Moves all parameters to other values, so that none is the one it began with. */
  static void scatterParameters(Model model) {
    Tensor values = model.parameters().values();
    float[] scattered = Reference.uniform(11, values.size());
    for (int i = 0; i < model.parameters().trainedSize(); i++) {
      scattered[i] -= 0.5f; // statistics stay positive, as a variance is
    }
    values.write(0, scattered, 0, scattered.length);
  }

  /** Fails unless onnxruntime gives what the model gives, for numbers or, below ids, for ids. */
  static void assertSameOutputs(Model model, int ids) {
    List<Tensor> inputs = new ArrayList<>();
    for (int i = 0; i < model.inputShapes().size(); i++) {
      Shape shape = model.inputShapes().get(i).prepend(ROWS);
      float[] values = Reference.uniform(i + 1, shape.size());
      for (int j = 0; j < values.length; j++) {
        values[j] = ids > 0 ? (float) Math.floor(values[j] * ids) : 4 * values[j] - 2;
      }
      inputs.add(typed(model, i, values, shape));
    }
    assertSameOutputs(model, inputs);
  }

  private static Tensor typed(Model model, int input, float[] values, Shape shape) {
    boolean ofIds =
        model instanceof Functional graph
            && graph.settings().inputs().get(input).dtype() == DType.INT64;
    return ofIds
        ? Tensor.of(
            IntStream.range(0, values.length).mapToLong(i -> (long) Math.abs(values[i])).toArray(),
            shape.dims())
        : Tensor.of(values, shape.dims());
  }

  static void assertSameOutputs(Model model, List<Tensor> inputs) {
    List<Tensor> expected = model.predict(inputs);
    List<float[]> actual = run(export(model), inputs, model.outputNames());
    for (int i = 0; i < expected.size(); i++) {
      float[] ours = expected.get(i).toFloats();
      float[] theirs = actual.get(i);
      assertThat(theirs).hasSameSizeAs(ours);
      double largest = 1;
      double difference = 0;
      for (int j = 0; j < ours.length; j++) {
        assertThat(theirs[j]).isFinite();
        largest = Math.max(largest, Math.abs(ours[j]));
        difference = Math.max(difference, Math.abs(ours[j] - (double) theirs[j]));
      }
      assertThat(difference / largest)
          .as("output %s of %s", model.outputNames().get(i), model)
          .isLessThanOrEqualTo(TOLERANCE);
    }
  }

  private static List<float[]> run(byte[] file, List<Tensor> inputs, List<String> outputs) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(file)) {
      List<String> names = new ArrayList<>(session.getInputNames());
      assertThat(session.getOutputNames()).containsExactlyElementsOf(outputs);
      Map<String, OnnxTensor> given = new HashMap<>();
      try {
        for (int i = 0; i < inputs.size(); i++) {
          given.put(names.get(i), tensor(environment, inputs.get(i)));
        }
        try (OrtSession.Result result = session.run(given)) {
          List<float[]> values = new ArrayList<>();
          for (String output : outputs) {
            FloatBuffer buffer = ((OnnxTensor) result.get(output).orElseThrow()).getFloatBuffer();
            float[] floats = new float[buffer.remaining()];
            buffer.get(floats);
            values.add(floats);
          }
          return values;
        }
      } finally {
        given.values().forEach(OnnxTensor::close);
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private static OnnxTensor tensor(OrtEnvironment environment, Tensor x) throws OrtException {
    long[] shape = IntStream.of(x.shape().dims()).asLongStream().toArray();
    return x.dtype() == DType.INT64
        ? OnnxTensor.createTensor(environment, LongBuffer.wrap(x.toLongs()), shape)
        : OnnxTensor.createTensor(environment, FloatBuffer.wrap(x.toFloats()), shape);
  }

  /** What onnxruntime reads of a file's origin. */
  static OnnxModelMetadata metadata(byte[] file) throws OrtException {
    try (OrtSession session = OrtEnvironment.getEnvironment().createSession(file)) {
      return session.getMetadata();
    }
  }

  private OnnxRuntimeRun() {}
}
