package io.tapestream.capture;

import io.tapestream.capture.Program.Instruction;
import io.tapestream.tensor.Tensor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tensors that instructions read or write. */
final class Touched {
  private Touched() {}

  /** Whether it can't be seen which ones an instruction touches. */
  static boolean isHidden(Instruction instruction) {
    return !(instruction instanceof Call || instruction instanceof Trace.Moves);
  }

  /** Those of an instruction that is not hidden. */
  static List<Tensor> by(Instruction instruction) {
    List<Tensor> tensors = new ArrayList<>();
    if (instruction instanceof Call call) {
      for (Object argument : call.arguments()) {
        add(argument, tensors);
      }
    } else if (instruction instanceof Trace.Moves moves) {
      tensors.addAll(moves.tensors());
    }
    return tensors;
  }

  private static void add(@Nullable Object argument, List<Tensor> tensors) {
    if (argument instanceof Tensor tensor) {
      tensors.add(tensor);
    } else if (argument instanceof Iterable<?> several) {
      several.forEach(each -> add(each, tensors));
    } else if (argument instanceof Object[] several) {
      for (Object each : several) {
        add(each, tensors);
      }
    } else if (argument instanceof Record several) {
      for (RecordComponent component : several.getClass().getRecordComponents()) {
        add(valueOf(component, several), tensors);
      }
    }
  }

  private static @Nullable Object valueOf(RecordComponent component, Record several) {
    try {
      return component.getAccessor().invoke(several);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(several.getClass() + " hides " + component, e);
    }
  }

  /** Whether two tensors have elements in common. */
  static boolean overlap(@Nullable Tensor a, @Nullable Tensor b) {
    if (a == null || b == null || a.size() == 0 || b.size() == 0) {
      return false;
    }
    long aEnd = a.address() + (long) a.size() * a.dtype().bytes();
    long bEnd = b.address() + (long) b.size() * b.dtype().bytes();
    return a.address() < bEnd && b.address() < aEnd;
  }
}
