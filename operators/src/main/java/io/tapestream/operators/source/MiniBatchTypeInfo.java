package io.tapestream.operators.source;

import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** The type of {@link MiniBatch}: immutable, so it passes by reference within a chain. */
final class MiniBatchTypeInfo extends TypeInformation<MiniBatch> {

  private static final long serialVersionUID = 1L;

  @Override
  public boolean isBasicType() {
    return false;
  }

  @Override
  public boolean isTupleType() {
    return false;
  }

  @Override
  public int getArity() {
    return 1;
  }

  @Override
  public int getTotalFields() {
    return 1;
  }

  @Override
  public Class<MiniBatch> getTypeClass() {
    return MiniBatch.class;
  }

  @Override
  public boolean isKeyType() {
    return false;
  }

  @Override
  public TypeSerializer<MiniBatch> createSerializer(SerializerConfig config) {
    return MiniBatchSerializer.INSTANCE;
  }

  @Override
  public String toString() {
    return "MiniBatch";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MiniBatchTypeInfo;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof MiniBatchTypeInfo;
  }

  @Override
  public int hashCode() {
    return MiniBatchTypeInfo.class.hashCode();
  }
}
