package io.tapestream.capture;

import io.tapestream.capture.Program.Instruction;
import io.tapestream.tensor.Tensor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A call of a primitive by reflection.
 *
 * @param arguments which may be changed between two runs
 */
@SuppressWarnings("ArrayRecordComponent") // a holder, never compared
record Call(Method method, Object target, Object[] arguments) implements Instruction {

  @Override
  public void run() {
    try {
      invoke(method, target, arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(method.getName() + " threw a checked exception", e);
    }
  }

  /** Whether it calls the primitive of this name. */
  boolean is(String primitive) {
    return method.getName().equals(primitive);
  }

  /** An argument that is known to be of the type. */
  <T> T argument(int i, Class<T> type) {
    return type.cast(arguments[i]);
  }

  /**
   * Whether the arguments from a place on are those of another call: the same tensors, equal
   * numbers.
   */
  boolean has(int from, Call other, int... places) {
    for (int i = 0; i < places.length; i++) {
      Object mine = arguments[from + i];
      Object theirs = other.arguments[places[i]];
      if (mine != theirs && (mine instanceof Tensor || !Objects.equals(mine, theirs))) {
        return false;
      }
    }
    return true;
  }

  /** Calls a method, and throws what it throws. */
  static @Nullable Object invoke(Method method, Object target, Object @Nullable [] arguments)
      throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }
}
