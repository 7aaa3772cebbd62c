package io.tapestream.backend.nd4j;

import io.tapestream.tensor.Attachment;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.indexer.DoubleIndexer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.bytedeco.javacpp.indexer.Indexer;
import org.bytedeco.javacpp.indexer.LongIndexer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What this backend keeps beside a tensor: ND4J arrays on its memory, one per shape it was asked
 * for; the calls prepared to write into it; and scratch tensors for calls made of several.
 *
 * <p>Arrays are shared by all threads; calls and scratch belong to the one that writes the tensor.
 */
final class Nd4jTensor implements Attachment {
  private static final long[] NO_INTS = {};
  private static final double[] NO_REALS = {};

  /** More prepared calls than this into one tensor are forgotten, the oldest first. */
  private static final int CALLS = 8;

  private final DataType type;
  private final DataBuffer buffer;
  private final List<INDArray> arrays = new ArrayList<>(2);
  private final INDArray array;
  private final List<Nd4jCall> calls = new ArrayList<>(2);
  private final List<@Nullable Tensor> scratch = new ArrayList<>(0);

  private Nd4jTensor(Tensor tensor) {
    this.type = typeOf(tensor.dtype());
    this.buffer = wrap(tensor);
    this.array = as(tensor.shape());
  }

  /** What is kept beside this tensor, made at the first call. */
  static Nd4jTensor of(Tensor tensor) {
    Nd4jTensor known = tensor.attachment(Nd4jTensor.class);
    if (known == null) {
      known = new Nd4jTensor(tensor);
      tensor.attach(known);
    }
    return known;
  }

  /** The tensor as an ND4J array of its shape; a scalar as one of shape (1). */
  static INDArray array(Tensor tensor) {
    return of(tensor).array;
  }

  /** The tensor as an ND4J array of another shape. */
  static INDArray array(Tensor tensor, Shape shape) {
    return of(tensor).as(shape);
  }

  private synchronized INDArray as(Shape shape) {
    long[] dims =
        shape.rank() == 0 ? new long[] {1} : Arrays.stream(shape.dims()).asLongStream().toArray();
    for (INDArray known : arrays) {
      if (Arrays.equals(known.shape(), dims)) {
        return known;
      }
    }
    INDArray made = Nd4j.create(buffer, dims, Nd4j.getStrides(dims, 'c'), 0, 'c', type);
    arrays.add(made);
    return made;
  }

  /** Runs a native op into the whole tensor. */
  void run(String op, INDArray... inputs) {
    run(op, array, NO_INTS, NO_REALS, inputs);
  }

  /**
   * Runs a native op of one output, one of this tensor's arrays; see {@link #run(String,
   * INDArray[], long[], double[], INDArray...)}.
   */
  void run(String op, INDArray output, long[] ints, double[] reals, INDArray... inputs) {
    run(op, new INDArray[] {output}, ints, reals, inputs);
  }

  /**
   * Runs a native op, prepared at the first call with these arguments. A tensor of no elements has
   * nothing to compute.
   *
   * @param outputs arrays of this tensor or of its scratch
   * @param ints the op's integer arguments
   * @param reals the op's real arguments
   */
  void run(String op, INDArray[] outputs, long[] ints, double[] reals, INDArray... inputs) {
    if (array.length() == 0) {
      return;
    }
    Nd4jCall call = find(op, outputs, ints, reals, inputs);
    if (call == null) {
      OpContext context = Nd4j.getExecutioner().buildContext();
      context.setInputArrays(inputs);
      context.setOutputArrays(outputs);
      context.setIArguments(ints);
      context.setTArguments(reals);
      DynamicCustomOp custom = DynamicCustomOp.builder(op).build();
      call =
          new Nd4jCall(
              op,
              outputs,
              ints,
              reals,
              inputs,
              () -> Nd4j.getExecutioner().exec(custom, context),
              context);
      remember(call);
    }
    call.run();
  }

  /**
   * Runs one of ND4J's older ops, which hold their arrays themselves, into the whole tensor; made
   * at the first call.
   */
  void run(String op, INDArray input, double real, Supplier<Op> maker) {
    if (array.length() == 0) {
      return;
    }
    double[] reals = {real};
    INDArray[] inputs = {input};
    INDArray[] outputs = {array};
    Nd4jCall call = find(op, outputs, NO_INTS, reals, inputs);
    if (call == null) {
      Op made = maker.get();
      call =
          new Nd4jCall(
              op, outputs, NO_INTS, reals, inputs, () -> Nd4j.getExecutioner().exec(made), null);
      remember(call);
    }
    call.run();
  }

  private @Nullable Nd4jCall find(
      String op, INDArray[] outputs, long[] ints, double[] reals, INDArray[] inputs) {
    for (int i = 0; i < calls.size(); i++) {
      if (calls.get(i).is(op, outputs, ints, reals, inputs)) {
        return calls.get(i);
      }
    }
    return null;
  }

  private void remember(Nd4jCall call) {
    if (calls.size() == CALLS) {
      calls.remove(0).free();
    }
    calls.add(call);
  }

  /** The k-th scratch tensor for calls into this one; it lives as long. */
  Tensor scratch(int k, DType dtype, Shape shape) {
    if (k < scratch.size()) {
      Tensor known = scratch.get(k);
      if (known != null && known.shape().equals(shape) && known.dtype() == dtype) {
        return known;
      }
      if (known != null) {
        known.close();
      }
    }
    Tensor made = Tensor.owned(dtype, shape);
    while (scratch.size() <= k) {
      scratch.add(null);
    }
    scratch.set(k, made);
    return made;
  }

  @Override
  public void release() {
    calls.forEach(Nd4jCall::free);
    calls.clear();
    for (Tensor tensor : scratch) {
      if (tensor != null) {
        tensor.close();
      }
    }
    scratch.clear();
  }

  private static DataType typeOf(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> DataType.FLOAT;
      case FLOAT64 -> DataType.DOUBLE;
      case INT64 -> DataType.INT64;
    };
  }

  private static DataBuffer wrap(Tensor tensor) {
    int n = tensor.size();
    Pointer pointer = tensor.pointer();
    pointer.capacity(n);
    Indexer indexer =
        switch (tensor.dtype()) {
          case FLOAT32 -> FloatIndexer.create((FloatPointer) pointer);
          case FLOAT64 -> DoubleIndexer.create((DoublePointer) pointer);
          case INT64 -> LongIndexer.create((LongPointer) pointer);
        };
    return Nd4j.createBuffer(pointer, typeOf(tensor.dtype()), n, indexer);
  }
}
