package io.tapestream.benchmarks.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.ExecutionMode;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import io.tapestream.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * An ONNX model in onnxruntime, tuned as its documentation advises: one thread within an operator,
 * operators one after another, all optimizations of the graph, and tensors that are made once, on
 * memory outside the heap which is written and read in place.
 */
public final class OnnxRuntime implements AutoCloseable {
  private final OrtSession session;
  private final FloatBuffer input;
  private final FloatBuffer output;
  private final Map<String, OnnxTensor> inputs;
  private final Map<String, OnnxTensor> outputs;

  /**
   * Loads a model with one input and one output.
   *
   * @param batch the input's shape, with the examples of a request
   * @param outputSize values of one example's output
   */
  public OnnxRuntime(Path model, Shape batch, int outputSize) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setExecutionMode(ExecutionMode.SEQUENTIAL);
      options.setOptimizationLevel(OptLevel.ALL_OPT);
      session = environment.createSession(model.toString(), options);
    }
    input = direct(batch.size());
    output = direct(batch.dim(0) * outputSize);
    long[] shape = IntStream.of(batch.dims()).asLongStream().toArray();
    inputs =
        Map.of(
            session.getInputNames().iterator().next(),
            OnnxTensor.createTensor(environment, input, shape));
    outputs =
        Map.of(
            session.getOutputNames().iterator().next(),
            OnnxTensor.createTensor(environment, output, new long[] {batch.dim(0), outputSize}));
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(floats * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /**
   * Answers a request.
   *
   * @param examples row by row
   * @return outputs row by row
   */
  public float[] predict(float[] examples) throws OrtException {
    input.put(0, examples);
    session.run(inputs, outputs).close();
    float[] values = new float[output.capacity()];
    output.get(0, values);
    return values;
  }

  @Override
  public void close() throws OrtException {
    inputs.values().forEach(OnnxTensor::close);
    outputs.values().forEach(OnnxTensor::close);
    session.close();
  }
}
