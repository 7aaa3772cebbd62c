package io.tapestream.operators.server;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.jspecify.annotations.Nullable;

/**
 * A Flink serializer over a binary format whose first byte is its version. Since each value names
 * its own version, the serializer's snapshot has nothing to add, and a later build reads what an
 * earlier one wrote.
 */
abstract class FormatSerializer<T> extends TypeSerializerSingleton<T> {

  private static final long serialVersionUID = 1L;

  abstract void write(DataOutput out, T value) throws IOException;

  abstract T read(DataInput in) throws IOException;

  @Override
  public void serialize(T value, DataOutputView target) throws IOException {
    write(target, value);
  }

  @Override
  public T deserialize(DataInputView source) throws IOException {
    return read(source);
  }

  @Override
  public T deserialize(T reuse, DataInputView source) throws IOException {
    return read(source);
  }

  @Override
  public T copy(T from, T reuse) {
    return copy(from);
  }

  @Override
  public void copy(DataInputView source, DataOutputView target) throws IOException {
    write(target, read(source));
  }

  @Override
  public boolean isImmutableType() {
    return false;
  }

  @Override
  public @Nullable T createInstance() {
    return null; // none of these values has an empty form, and none is ever reused
  }

  @Override
  public int getLength() {
    return -1;
  }
}
