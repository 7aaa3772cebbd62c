package io.tapestream.capture;

import io.tapestream.capture.Program.Draw;
import io.tapestream.capture.Program.Instruction;
import io.tapestream.layers.Context;
import io.tapestream.layers.Layer;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Tracer;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Notes, while a step runs, the calls that it is made of. */
final class Trace extends Tracer implements Context.Observer, AutoCloseable {
  private final int firstRow;
  private final List<Instruction> instructions = new ArrayList<>();
  private final List<Draw> draws = new ArrayList<>();
  private final Map<Long, Integer> layerOfKey = new HashMap<>();
  private final IdentityHashMap<Object, Object> recording = new IdentityHashMap<>();
  private final Deque<Layer> layers = new ArrayDeque<>();
  private @Nullable String refusal;

  /** Begins a trace on this thread. */
  Trace(Context context) {
    this.firstRow = context.firstRow();
    begin();
  }

  List<Instruction> instructions() {
    return instructions;
  }

  List<Draw> draws() {
    return draws;
  }

  /** Why the step can't be captured, and where; null if it can. */
  @Nullable String refusal() {
    return refusal;
  }

  @Override
  protected void repeats(Runnable effect, boolean apart) {
    instructions.add(apart ? new Moves(List.of(), effect) : effect::run);
  }

  @Override
  public void refuse(String what) {
    if (refusal == null) {
      refusal = (layers.isEmpty() ? "it " : layers.peek() + " ") + what;
    }
  }

  @Override
  protected void clears(Tensor tensor) {
    instructions.add(new Moves(List.of(tensor), tensor::clear));
  }

  @Override
  protected void copies(Tensor from, Tensor to) {
    instructions.add(new Moves(List.of(from, to), () -> to.copyFrom(from)));
  }

  @Override
  public void drew(long key, int layer) {
    layerOfKey.put(key, layer);
  }

  @Override
  public <T> T recording(Class<T> type, T target) {
    Object known =
        recording.computeIfAbsent(
            target,
            t ->
                Proxy.newProxyInstance(
                    type.getClassLoader(), new Class<?>[] {type}, new Calls(target)));
    return type.cast(known);
  }

  @Override
  public void close() {
    end();
  }

  // Which layer is being called, for the log

  @Override
  public void before(Layer layer, List<Tensor> inputs) {
    layers.push(layer);
  }

  @Override
  public void after(Layer layer, List<Tensor> outputs) {
    layers.pop();
  }

  /** Makes calls, and notes those that return nothing; the others only ask. */
  private final class Calls implements InvocationHandler {
    private final Object target;

    Calls(Object target) {
      this.target = target;
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
        throws Throwable {
      if (method.getReturnType() != void.class || arguments == null) {
        return Call.invoke(method, target, arguments);
      }
      Call call = new Call(method, target, arguments);
      bindKeys(arguments);
      instructions.add(call);
      unseen(call::run);
      return null;
    }

    private void bindKeys(Object[] arguments) {
      for (int i = 0; i + 1 < arguments.length; i++) {
        if (arguments[i] instanceof Long key && arguments[i + 1] instanceof Integer row) {
          Integer layer = layerOfKey.get(key);
          if (layer != null) {
            draws.add(new Draw(arguments, i, layer, row - firstRow));
          } else {
            refuse("draws by a key that did not come from Context.key");
          }
        }
      }
    }
  }

  /** Something that is done without a backend, and the tensors that it touches. */
  record Moves(List<Tensor> tensors, Runnable move) implements Instruction {
    @Override
    public void run() {
      move.run();
    }
  }
}
