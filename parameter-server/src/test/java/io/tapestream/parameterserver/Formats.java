package io.tapestream.parameterserver;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Bytes of what this package stores and sends, for tests. */
public final class Formats {

  /** Writes one value. */
  interface Writer<T> {
    void write(DataOutput out, T value) throws IOException;
  }

  /** Reads one value. */
  interface Reader<T> {
    T read(DataInput in) throws IOException;
  }

  private Formats() {}

  /** All of a block's state. */
  public static byte[] bytes(Block block) {
    return bytes(BlockFormat::write, block);
  }

  /** The block that has this state. */
  public static Block block(byte[] bytes) {
    return read(BlockFormat::read, bytes);
  }

  static <T> byte[] bytes(Writer<T> writer, T value) {
    var bytes = new ByteArrayOutputStream();
    try {
      writer.write(new DataOutputStream(bytes), value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static <T> T read(Reader<T> reader, byte[] bytes) {
    try {
      return reader.read(new DataInputStream(new ByteArrayInputStream(bytes)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
