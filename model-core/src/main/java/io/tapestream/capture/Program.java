package io.tapestream.capture;

import io.tapestream.layers.Context;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.List;

/** What a step does, as calls on fixed tensors; the tensors are the program's own. */
final class Program implements AutoCloseable {
  private final Workspace memory;
  private final List<Tensor> inputs;
  private final List<Tensor> outputs;
  private final Instruction[] instructions;
  private final Draw[] draws;

  /** A call with its arguments bound. */
  @FunctionalInterface
  interface Instruction {
    /** Makes it. */
    void run();
  }

  /**
   * A random call's arguments, which depend on the step.
   *
   * @param arguments of the call, as it makes it
   * @param at the place of its key; the index of the first row follows
   * @param layer that draws
   * @param rows of the piece that lie before the first row of this call
   */
  @SuppressWarnings("ArrayRecordComponent") // a holder, never compared
  record Draw(Object[] arguments, int at, int layer, int rows) {
    void bind(Context context) {
      arguments[at] = context.key(layer);
      arguments[at + 1] = context.firstRow() + rows;
    }
  }

  Program(
      Workspace memory,
      List<Tensor> inputs,
      List<Tensor> outputs,
      List<Instruction> instructions,
      List<Draw> draws) {
    this.memory = memory;
    this.inputs = inputs;
    this.outputs = outputs;
    this.instructions = instructions.toArray(Instruction[]::new);
    this.draws = draws.toArray(Draw[]::new);
  }

  /** Does the step; what it returns is the same tensors each time. */
  List<Tensor> run(Context context, Tensor[] given) {
    for (int i = 0; i < given.length; i++) {
      inputs.get(i).copyFrom(given[i]);
    }
    for (Draw draw : draws) {
      draw.bind(context);
    }
    for (Instruction instruction : instructions) {
      instruction.run();
    }
    return outputs;
  }

  int length() {
    return instructions.length;
  }

  @Override
  public void close() {
    memory.close();
  }
}
