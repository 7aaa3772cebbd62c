package io.tapestream.backend.cpu;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Static methods of one type, by the constants of an enum that they are called after. A compiler
 * does not see which method a table holds, so it never makes one a part of its caller.
 *
 * @param <E> the enum
 */
final class LoopTable<E extends Enum<E>> {
  private final Map<E, MethodHandle> loops;

  /**
   * A table of the methods of {@code lookup}'s class; that of {@code LEAKY_RELU} is {@code
   * leakyRelu}.
   *
   * @param has which constants there is a method for
   */
  LoopTable(Lookup lookup, Class<E> constants, Predicate<E> has, MethodType type) {
    loops = new EnumMap<>(constants);
    for (E constant : constants.getEnumConstants()) {
      if (has.test(constant)) {
        loops.put(constant, find(lookup, nameOf(constant), type));
      }
    }
  }

  private static MethodHandle find(Lookup lookup, String name, MethodType type) {
    try {
      return lookup.findStatic(lookup.lookupClass(), name, type);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(lookup.lookupClass() + " has no loop " + name + type, e);
    }
  }

  private static String nameOf(Enum<?> constant) {
    StringBuilder name = new StringBuilder();
    for (String word : constant.name().toLowerCase(Locale.ROOT).split("_", -1)) {
      name.append(name.length() == 0 ? word.charAt(0) : Character.toUpperCase(word.charAt(0)));
      name.append(word, 1, word.length());
    }
    return name.toString();
  }

  /** The constant's method, to be called by {@code invokeExact}. */
  MethodHandle loop(E constant) {
    MethodHandle loop = loops.get(constant);
    if (loop == null) {
      throw new IllegalArgumentException(constant + " has no loop");
    }
    return loop;
  }

  /** What a loop threw, of which none throws checked exceptions. */
  static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof Error e) {
      throw e;
    }
    return thrown instanceof RuntimeException e ? e : new IllegalStateException(thrown);
  }
}
