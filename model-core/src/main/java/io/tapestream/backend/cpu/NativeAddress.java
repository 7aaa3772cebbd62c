package io.tapestream.backend.cpu;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A pointer that owns nothing and can be moved: a native call gets an address without an
 * allocation.
 */
final class NativeAddress extends FloatPointer {
  private static final ThreadLocal<NativeAddress[]> THREE =
      ThreadLocal.withInitial(
          () ->
              new NativeAddress[] {new NativeAddress(), new NativeAddress(), new NativeAddress()});

  NativeAddress() {
    super((Pointer) null);
  }

  /** Three for this thread's next call. */
  static NativeAddress[] three() {
    return THREE.get();
  }

  /** Moves to an address; whoever gives it keeps the memory there reachable while it is used. */
  NativeAddress at(long newAddress) {
    address = newAddress;
    return this;
  }
}
