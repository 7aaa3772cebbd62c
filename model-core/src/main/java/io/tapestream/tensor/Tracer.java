package io.tapestream.tensor;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Sees what its thread does to tensors while it is {@linkplain #begin installed}, so that the same
 * can be done again without the code that did it. Whoever computes tells it: backends' calls go
 * through what {@link #recording} gives, tensors tell of copies, and of reads and writes that are
 * no backend's.
 */
public abstract class Tracer {
  private static final AtomicInteger ACTIVE = new AtomicInteger();
  private static final ThreadLocal<@Nullable Tracer> CURRENT = new ThreadLocal<>();

  /** The thread's tracer, or null; cheap where no thread has one. */
  public static @Nullable Tracer current() {
    return ACTIVE.getPlain() == 0 ? null : CURRENT.get();
  }

  /** Begins to see what the thread does. */
  protected final void begin() {
    ACTIVE.getAndIncrement();
    CURRENT.set(this);
  }

  /** Ends what {@link #begin} began. */
  protected final void end() {
    CURRENT.remove();
    ACTIVE.getAndDecrement();
  }

  /** Runs an action of which nothing is seen. */
  protected final void unseen(Runnable action) {
    CURRENT.remove();
    try {
      action.run();
    } finally {
      CURRENT.set(this);
    }
  }

  /** What to call in place of something that computes: it does the same, and notes the call. */
  public abstract <T> T recording(Class<T> type, T target);

  /**
   * Does something on the host now, and again whenever what is being traced is done again: now
   * only, where nothing is. Reading and writing elements is allowed in it.
   */
  public static void also(Runnable effect) {
    also(effect, false);
  }

  /** As {@link #also}, something that neither reads nor writes a tensor. */
  public static void alsoApart(Runnable effect) {
    also(effect, true);
  }

  private static void also(Runnable effect, boolean apart) {
    Tracer tracer = current();
    if (tracer == null) {
      effect.run();
    } else {
      tracer.repeats(effect, apart);
      tracer.unseen(effect);
    }
  }

  /**
   * Before something is done on the host that is to be done again.
   *
   * @param apart whether it touches no tensor
   */
  protected abstract void repeats(Runnable effect, boolean apart);

  /** Before a tensor is set to zero. */
  protected abstract void clears(Tensor tensor);

  /** Before a tensor's elements are copied. */
  protected abstract void copies(Tensor from, Tensor to);

  /**
   * The step depends on something that the next one may have otherwise, so that it can't be done
   * again without its code.
   *
   * @param what it did, for a log: "reads elements of FLOAT32 (32, 10)"
   */
  public abstract void refuse(String what);

  /** A random key was derived for a layer; it will be another one in the next step. */
  public abstract void drew(long key, int layer);
}
