package io.tapestream.tensor;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * A dense array of numbers: contiguous, in C order (the last axis varies fastest), outside the Java
 * heap.
 *
 * <p>A tensor either owns its memory, or is a <em>view</em>: it shares the memory of another one at
 * an offset ({@link #reshape}, {@link #slice}, {@link #view}), so that writing to either is seen by
 * both. Inside a {@link Workspace} scope new tensors live in the workspace and are only valid until
 * the scope is closed; copy out what must live longer.
 *
 * <p>Its metadata never changes; its elements do. Elements are not guarded against concurrent
 * writes.
 */
public final class Tensor implements AutoCloseable, Differentiable {
  private final Memory memory;
  private final int offset;
  private final DType dtype;
  private final Shape shape;
  private final boolean owner;
  private @Nullable Pointer pointer;
  private volatile @Nullable Attachment attachment;

  Tensor(Memory memory, int offset, DType dtype, Shape shape, boolean owner) {
    this.memory = memory;
    this.offset = offset;
    this.dtype = dtype;
    this.shape = shape;
    this.owner = owner;
  }

  // Making tensors

  /**
   * A tensor of undefined contents: the next slot of this thread's workspace, or, outside any, one
   * of its own.
   */
  public static Tensor allocate(DType dtype, Shape shape) {
    Workspace workspace = Workspace.current();
    return workspace == null ? owned(dtype, shape) : workspace.allocate(dtype, shape);
  }

  /** A tensor of zeros. */
  public static Tensor zeros(DType dtype, Shape shape) {
    Tensor zeros = allocate(dtype, shape);
    zeros.clear();
    return zeros;
  }

  /**
   * A FLOAT32 tensor of these values.
   *
   * @param dims its shape; none given means one axis, as long as the array
   */
  public static Tensor of(float[] values, int... dims) {
    Tensor tensor = allocate(DType.FLOAT32, shapeFor(values.length, dims));
    tensor.write(0, values, 0, values.length);
    return tensor;
  }

  /**
   * A FLOAT64 tensor of these values.
   *
   * @param dims its shape; none given means one axis, as long as the array
   */
  public static Tensor of(double[] values, int... dims) {
    Tensor tensor = allocate(DType.FLOAT64, shapeFor(values.length, dims));
    tensor.write(0, values, 0, values.length);
    return tensor;
  }

  /**
   * An INT64 tensor of these values.
   *
   * @param dims its shape; none given means one axis, as long as the array
   */
  public static Tensor of(long[] values, int... dims) {
    Tensor tensor = allocate(DType.INT64, shapeFor(values.length, dims));
    tensor.write(0, values, 0, values.length);
    return tensor;
  }

  /** A FLOAT32 scalar. */
  public static Tensor scalar(float value) {
    Tensor tensor = allocate(DType.FLOAT32, Shape.scalar());
    tensor.write(0, new float[] {value}, 0, 1);
    return tensor;
  }

  /** A tensor of undefined contents that owns its memory, whether or not a workspace is entered. */
  public static Tensor owned(DType dtype, Shape shape) {
    return new Tensor(Memory.allocate((long) shape.size() * dtype.bytes()), 0, dtype, shape, true);
  }

  private static Shape shapeFor(int length, int[] dims) {
    Shape shape = dims.length == 0 ? Shape.of(length) : Shape.of(dims);
    if (shape.size() != length) {
      throw new IllegalArgumentException(
          "shape " + shape + " holds " + shape.size() + " elements but " + length + " were given");
    }
    return shape;
  }

  // Asking

  /** The lengths of its axes. */
  public Shape shape() {
    return shape;
  }

  /** The length of an axis, counted from 0 or, backwards, from -1. */
  public int dim(int axis) {
    return shape.dim(axis);
  }

  /** The number of axes. */
  public int rank() {
    return shape.rank();
  }

  /** The number of elements. */
  public int size() {
    return shape.size();
  }

  /** The type of its elements. */
  public DType dtype() {
    return dtype;
  }

  /** This tensor. */
  @Override
  public Tensor tensor() {
    return this;
  }

  // Views

  /**
   * This tensor's elements under another shape of the same size; shares memory.
   *
   * @throws IllegalArgumentException if the sizes differ
   */
  public Tensor reshape(Shape newShape) {
    if (newShape.size() != size()) {
      throw new IllegalArgumentException(
          "a tensor of shape "
              + shape
              + " ("
              + size()
              + " elements) does not reshape to "
              + newShape
              + " ("
              + newShape.size()
              + " elements)");
    }
    return view(0, newShape);
  }

  /** As {@link #reshape(Shape)}. */
  public Tensor reshape(int... dims) {
    return reshape(Shape.of(dims));
  }

  /**
   * The rows {@code fromRow} to {@code toRow - 1} of the first axis; shares memory.
   *
   * @throws IndexOutOfBoundsException if there are no such rows
   */
  public Tensor slice(int fromRow, int toRow) {
    Objects.checkFromToIndex(fromRow, toRow, dim(0));
    int rowSize = dim(0) == 0 ? 0 : size() / dim(0);
    return view(fromRow * rowSize, shape.with(0, toRow - fromRow));
  }

  /**
   * {@code shape.size()} elements from element {@code from} on, counted flat, under that shape;
   * shares memory. A flat parameter vector is cut into its parameters this way.
   *
   * @throws IndexOutOfBoundsException if the elements lie outside this tensor
   */
  public Tensor view(int from, Shape viewShape) {
    Objects.checkFromIndexSize(from, viewShape.size(), size());
    Workspace workspace = Workspace.current();
    return workspace == null
        ? new Tensor(memory, offset + from, dtype, viewShape, false)
        : workspace.view(memory, offset + from, dtype, viewShape);
  }

  // Reading and writing elements; positions are counted flat

  /** Copies elements {@code from … from+n-1} of a FLOAT32 tensor into an array. */
  public void read(int from, float[] into, int intoFrom, int n) {
    require(DType.FLOAT32, from, n);
    memory.floats().get(offset + from, into, intoFrom, n);
  }

  /** Copies elements {@code from … from+n-1} of a FLOAT64 tensor into an array. */
  public void read(int from, double[] into, int intoFrom, int n) {
    require(DType.FLOAT64, from, n);
    memory.doubles().get(offset + from, into, intoFrom, n);
  }

  /** Copies elements {@code from … from+n-1} of an INT64 tensor into an array. */
  public void read(int from, long[] into, int intoFrom, int n) {
    require(DType.INT64, from, n);
    memory.longs().get(offset + from, into, intoFrom, n);
  }

  /** Copies part of an array into elements {@code from … from+n-1} of a FLOAT32 tensor. */
  public void write(int from, float[] values, int valuesFrom, int n) {
    require(DType.FLOAT32, from, n);
    memory.floats().put(offset + from, values, valuesFrom, n);
  }

  /** Copies part of an array into elements {@code from … from+n-1} of a FLOAT64 tensor. */
  public void write(int from, double[] values, int valuesFrom, int n) {
    require(DType.FLOAT64, from, n);
    memory.doubles().put(offset + from, values, valuesFrom, n);
  }

  /** Copies part of an array into elements {@code from … from+n-1} of an INT64 tensor. */
  public void write(int from, long[] values, int valuesFrom, int n) {
    require(DType.INT64, from, n);
    memory.longs().put(offset + from, values, valuesFrom, n);
  }

  /** Element {@code index}, counted flat, as a double, whatever the type. */
  public double get(int index) {
    Objects.checkIndex(index, size());
    seen("reads an element of ");
    return switch (dtype) {
      case FLOAT32 -> memory.floats().get(offset + index);
      case FLOAT64 -> memory.doubles().get(offset + index);
      case INT64 -> memory.longs().get(offset + index);
    };
  }

  /**
   * The value of a tensor of one element.
   *
   * @throws IllegalStateException if it has more or fewer
   */
  public double item() {
    if (size() != 1) {
      throw new IllegalStateException(
          "item() reads a tensor of one element, this one has shape "
              + shape
              + "; reduce it first");
    }
    return get(0);
  }

  /** A copy of all elements, in C order, converted to float if need be. */
  public float[] toFloats() {
    float[] values = new float[size()];
    if (dtype == DType.FLOAT32) {
      read(0, values, 0, values.length);
    } else {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) get(i);
      }
    }
    return values;
  }

  /** A copy of all elements, in C order, converted to double if need be. */
  public double[] toDoubles() {
    double[] values = new double[size()];
    if (dtype == DType.FLOAT64) {
      read(0, values, 0, values.length);
    } else {
      for (int i = 0; i < values.length; i++) {
        values[i] = get(i);
      }
    }
    return values;
  }

  /** A copy of all elements of an INT64 tensor, in C order. */
  public long[] toLongs() {
    long[] values = new long[size()];
    read(0, values, 0, values.length);
    return values;
  }

  /**
   * Copies all elements of another tensor of the same type and size into this one.
   *
   * @throws IllegalArgumentException if type or size differ
   */
  public void copyFrom(Tensor source) {
    Tracer tracer = Tracer.current();
    if (tracer != null) {
      tracer.copies(source, this);
    }
    if (source.dtype != dtype || source.size() != size()) {
      throw new IllegalArgumentException(
          "can't copy " + source + " into " + this + ": type and size must be equal");
    }
    memory
        .buffer()
        .put(byteOffset(), source.memory.buffer(), source.byteOffset(), size() * dtype.bytes());
  }

  /** A copy that owns its memory, whether or not a workspace is entered. */
  public Tensor copy() {
    Tensor copy = owned(dtype, shape);
    copy.copyFrom(this);
    return copy;
  }

  /** Sets every element to zero. */
  public void clear() {
    Tracer tracer = Tracer.current();
    if (tracer != null) {
      tracer.clears(this);
    }
    Pointer.memset(knownPointer(), 0, (long) size() * dtype.bytes());
  }

  private void require(DType expected, int from, int n) {
    seen("reads or writes elements of ");
    if (dtype != expected) {
      throw new IllegalArgumentException(
          "a tensor of "
              + dtype
              + " can't be read or written as "
              + expected
              + "; use an array of its own type, or toFloats()/toDoubles()");
    }
    Objects.checkFromIndexSize(from, n, size());
  }

  /** What is done to elements beside backends' calls and copies can't be seen to be repeated. */
  private void seen(String access) {
    Tracer tracer = Tracer.current();
    if (tracer != null) {
      tracer.refuse(access + this);
    }
  }

  // For backends

  /** The memory it lies in. */
  public Memory memory() {
    return memory;
  }

  /** Where it starts in its memory, counted in elements. */
  public int offset() {
    return offset;
  }

  /** Where it starts in its memory, counted in bytes. */
  public int byteOffset() {
    return offset * dtype.bytes();
  }

  /** The address of its first element. Keep the tensor reachable while it is used. */
  public long address() {
    seen("takes the address of ");
    return memoryAddress();
  }

  private long memoryAddress() {
    return memory.address() + (long) offset * dtype.bytes();
  }

  /** Its memory as a buffer in native byte order; its elements begin at {@link #byteOffset()}. */
  public ByteBuffer buffer() {
    seen("takes the memory of ");
    return memory.buffer();
  }

  /**
   * A JavaCPP pointer to its first element: a FloatPointer, DoublePointer or LongPointer by its
   * type, with position 0. It does not keep the memory alive; keep the tensor reachable while it is
   * used.
   */
  public Pointer pointer() {
    seen("takes the address of ");
    return knownPointer();
  }

  private Pointer knownPointer() {
    Pointer known = pointer;
    if (known == null || memory.isClosed()) {
      Pointer raw = new Address(memoryAddress());
      known =
          switch (dtype) {
            case FLOAT32 -> new FloatPointer(raw);
            case FLOAT64 -> new DoublePointer(raw);
            case INT64 -> new LongPointer(raw);
          };
      pointer = known;
    }
    return known;
  }

  /**
   * What a backend attached to this tensor, if it is of the class asked for, else null (nothing
   * yet, or another backend's).
   */
  public <T extends Attachment> @Nullable T attachment(Class<T> type) {
    Attachment attached = attachment;
    return type.isInstance(attached) ? type.cast(attached) : null;
  }

  /**
   * Attaches something to this tensor in place of what was there. Threads that share a tensor may
   * race to attach; the last one stays, so an attachment must be usable by whoever reads it, and
   * equal to what another thread would have made.
   */
  public void attach(@Nullable Attachment newAttachment) {
    attachment = newAttachment;
  }

  /**
   * Frees the memory if this tensor owns it, else does nothing (a view's or a slot's owner frees
   * it).
   */
  @Override
  public void close() {
    if (owner) {
      release();
      memory.close();
    }
  }

  void release() {
    Attachment attached = attachment;
    attachment = null;
    if (attached != null) {
      attached.release();
    }
  }

  boolean isViewOf(Memory otherMemory, int otherOffset, DType otherType, Shape otherShape) {
    return memory == otherMemory
        && offset == otherOffset
        && dtype == otherType
        && shape.equals(otherShape);
  }

  /** Type and shape, such as {@code FLOAT32 (32, 10)}; not the elements. */
  @Override
  public String toString() {
    return dtype + " " + shape;
  }

  /** A bare address as a pointer. */
  private static final class Address extends Pointer {
    Address(long address) {
      this.address = address;
    }
  }
}
