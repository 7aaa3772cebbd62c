package io.tapestream.capture;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.capture.Program.Instruction;
import io.tapestream.layers.Context;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Tracer;
import io.tapestream.tensor.Workspace;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A step that is done many times, such as a training step: the counterpart of {@code tf.function}.
 * It is traced once for each shape of its inputs; from then on the same kernels are called on the
 * same memory, in the same order, so that the bits are those of the step done eagerly, while
 * layers, ops and tape cost nothing and nothing is allocated.
 *
 * <pre>{@code
 * CapturedStep step = new CapturedStep((context, in) -> {
 *   try (GradientTape tape = new GradientTape()) {
 *     Tensor loss = Mean.of(SoftmaxCrossEntropy.of(model.apply(in.get(0), context), in.get(1)));
 *     tape.accumulate(loss, variables);
 *     return List.of(loss);
 *   }
 * });
 * for (Batch batch : batches) {
 *   Context context = Context.training(seed, 0, round++);
 *   double loss = step.run(context, batch.features(), batch.labels()).get(0).item();
 *   ... // apply the variables' gradients, which lie where they always lie
 * }
 * }</pre>
 *
 * <h2>What holds for a step</h2>
 *
 * <ul>
 *   <li>What changes from one run to the next comes in through its inputs, the context, and the
 *       elements of tensors that exist outside of it, such as variables. Whatever else its code
 *       reads is as it was when it was traced. Branches and loops are followed once per shape.
 *   <li>What it changes is elements of tensors. Other effects happen when it is traced, and not
 *       when it is repeated, unless they are given to {@link #also}.
 *   <li>Where its code reads or writes elements on the host ({@link Tensor#item}, {@code write},
 *       {@code Tensor.of}), asks for the context's step or virtual worker, or draws by a key that
 *       isn't {@link Context#key}'s, it can't be captured. It then runs eagerly for ever, with the
 *       same results, and the layer that caused it is logged once.
 *   <li>Where a repetition refuses what it is given, such as an id that a table lacks, the step is
 *       done once more by its code, up to the same error, which then names the layer.
 *   <li>A tape that is open around it sees nothing of a repetition, so inside one it runs eagerly.
 * </ul>
 *
 * <p>A shape that comes for the first time runs eagerly. Not more than {@value #PROGRAMS} shapes
 * are captured at a time, those that come most often. {@code -Dtapestream.eager=true} runs every
 * step eagerly, to debug with. A step belongs to one thread at a time.
 */
@SuppressWarnings("try") // workspace scopes act by being open
public final class CapturedStep implements AutoCloseable {
  /** The system property that has every step run eagerly if it is {@code true}. */
  public static final String EAGER = "tapestream.eager";

  private static final Logger LOG = LoggerFactory.getLogger(CapturedStep.class);
  private static final int PROGRAMS = 8;
  private static final int REMEMBERED = 256;

  /** The code of a step. */
  @FunctionalInterface
  public interface Body {
    /**
     * Does the step.
     *
     * @param context of this run
     * @param inputs what {@link CapturedStep#run} was given, perhaps copied
     * @return the outputs
     */
    List<Tensor> run(Context context, List<Tensor> inputs);
  }

  private final Body body;
  private final Map<Signature, Seen> seen =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Signature, Seen> eldest) {
          if (size() <= REMEMBERED) {
            return false;
          }
          eldest.getValue().free();
          return true;
        }
      };
  private @Nullable Workspace eager;
  private boolean refused;

  /** What a program is for. */
  private record Signature(
      boolean training, boolean proposing, List<DType> types, List<Shape> shapes) {
    static Signature of(Context context, Tensor[] inputs) {
      return new Signature(
          context.training(),
          context.proposing(),
          Arrays.stream(inputs).map(Tensor::dtype).toList(),
          Arrays.stream(inputs).map(Tensor::shape).toList());
    }
  }

  /** How often a signature came, and its program if it has one. */
  private static final class Seen {
    long times;
    @Nullable Program program;

    void free() {
      if (program != null) {
        program.close();
        program = null;
      }
    }
  }

  /** A step that is captured if it can be, unless {@value #EAGER} is set. */
  public CapturedStep(Body body) {
    this(body, Boolean.getBoolean(EAGER));
  }

  /**
   * A step.
   *
   * @param eagerly whether it is never captured
   */
  public CapturedStep(Body body, boolean eagerly) {
    this.body = body;
    this.refused = eagerly;
  }

  /**
   * Does the step.
   *
   * @param context of this run; random layers draw by it
   * @param inputs that are read, and not written to
   * @return the outputs, valid until the next run
   */
  public List<Tensor> run(Context context, Tensor... inputs) {
    if (Tracer.current() != null) {
      return body.run(context, List.of(inputs)); // a part of the step that is being traced
    }
    if (refused || context.observer() != null || GradientTape.isThreadRecording()) {
      return runEagerly(context, inputs);
    }
    Seen known = seen.computeIfAbsent(Signature.of(context, inputs), s -> new Seen());
    known.times++;
    if (known.program != null) {
      try {
        return known.program.run(context, inputs);
      } catch (IllegalArgumentException e) {
        throw told(e, context, inputs);
      }
    }
    return known.times > 1 && makeRoom(known.times)
        ? trace(known, context, inputs)
        : runEagerly(context, inputs);
  }

  /**
   * Does something on the host now, and, where the step around it is being captured, whenever it is
   * repeated: {@code tf.py_function}. Reading and writing tensors is allowed in it; tensors that
   * the step goes on with must be made outside.
   */
  public static void also(Runnable effect) {
    Tracer.also(effect);
  }

  /**
   * As {@link #also}, something that neither reads nor writes a tensor, such as looking at a clock;
   * so it does not stand in the way of primitives that are better done together.
   */
  public static void alsoApart(Runnable effect) {
    Tracer.alsoApart(effect);
  }

  /** The number of shapes that are captured. */
  public int programs() {
    return (int) seen.values().stream().filter(s -> s.program != null).count();
  }

  private List<Tensor> runEagerly(Context context, Tensor[] inputs) {
    Workspace memory = eager;
    if (memory == null) {
      memory = eager = new Workspace();
    }
    try (Workspace.Scope scope = memory.enter()) {
      return body.run(context, List.of(inputs));
    }
  }

  /** An error of a repetition, which knows kernels alone, as the step's own code tells it. */
  private IllegalArgumentException told(
      IllegalArgumentException error, Context context, Tensor[] inputs) {
    try {
      runEagerly(context, inputs);
      return error;
    } catch (IllegalArgumentException told) {
      return told;
    } finally {
      freeEager();
    }
  }

  private List<Tensor> trace(Seen known, Context context, Tensor[] given) {
    Workspace memory = new Workspace();
    boolean kept = false;
    try {
      List<Tensor> outputs;
      Trace trace;
      try (Workspace.Scope scope = memory.enter()) {
        List<Tensor> inputs = Arrays.stream(given).map(CapturedStep::copy).toList();
        trace = new Trace(context);
        try (trace) {
          outputs = List.copyOf(body.run(context.observedBy(trace), inputs));
        }
        if (trace.refusal() == null) {
          List<Instruction> instructions = Fusion.of(trace.instructions(), outputs);
          known.program = new Program(memory, inputs, outputs, instructions, trace.draws());
        }
      }
      kept = true;
      if (known.program == null) {
        refuse(trace.refusal(), memory);
      } else {
        LOG.debug("Captured a step of {} calls", known.program.length());
        freeEager();
      }
      return outputs;
    } finally {
      if (!kept) {
        memory.close();
      }
    }
  }

  private static Tensor copy(Tensor given) {
    Tensor copy = Tensor.allocate(given.dtype(), given.shape());
    copy.copyFrom(given);
    return copy;
  }

  /** From now on all runs are eager; the trace's outputs lie in its memory, which serves them. */
  private void refuse(@Nullable String why, Workspace memory) {
    LOG.info("A step can't be captured and runs eagerly: {}", why);
    refused = true;
    free();
    eager = memory;
  }

  /** Whether there is room for a program, made if need be by ending one that is less in demand. */
  private boolean makeRoom(long times) {
    Seen least = null;
    int programs = 0;
    for (Seen other : seen.values()) {
      if (other.program != null) {
        programs++;
        if (least == null || other.times < least.times) {
          least = other;
        }
      }
    }
    if (programs < PROGRAMS || least == null) {
      return true;
    }
    if (times <= 2 * least.times) {
      return false;
    }
    least.free();
    return true;
  }

  private void freeEager() {
    if (eager != null) {
      eager.close();
      eager = null;
    }
  }

  private void free() {
    seen.values().forEach(Seen::free);
    seen.clear();
    freeEager();
  }

  /** Frees its memory; outputs must not be used any more. */
  @Override
  public void close() {
    free();
  }
}
