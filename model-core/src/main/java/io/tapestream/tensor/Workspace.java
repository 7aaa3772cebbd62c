package io.tapestream.tensor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a repeated step. Inside a scope, the k-th tensor that the thread makes is slot k:
 * the same tensor object on the same memory in every step, so that a step allocates nothing after
 * the first and a backend finds what it attached to each tensor.
 *
 * <pre>{@code
 * try (Workspace workspace = new Workspace()) {
 *   for (Batch batch : batches) {
 *     try (Workspace.Scope step = workspace.enter()) {
 *       ... // tensors made here are valid until the scope closes
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>When a step asks for another type or shape at slot k, the slot keeps both (up to {@value
 * #VARIANTS} of them, on one memory as long as the longest): a shorter last batch costs nothing
 * after its first time. Views made inside a scope are slots too.
 *
 * <p>A workspace serves one thread at a time, one scope at a time; scopes of different workspaces
 * nest. Tensors outside any scope own their memory.
 */
public final class Workspace implements AutoCloseable {
  private static final int VARIANTS = 4;
  private static final ThreadLocal<@Nullable Scope> CURRENT = new ThreadLocal<>();

  private final List<Slot> slots = new ArrayList<>();
  private int next;
  private long bytes;
  private boolean entered;
  private boolean closed;

  /** The workspace that this thread has entered, or null outside any. */
  static @Nullable Workspace current() {
    Scope scope = CURRENT.get();
    return scope == null ? null : scope.workspace;
  }

  /**
   * Makes this workspace the source of the thread's tensors until the scope is closed. Everything
   * made in earlier scopes becomes invalid.
   *
   * @throws IllegalStateException if it is entered already, or closed
   */
  public Scope enter() {
    if (closed) {
      throw new IllegalStateException("this workspace is closed; make a new one");
    }
    if (entered) {
      throw new IllegalStateException(
          "this workspace is entered already; close its scope first, or use one workspace per thread");
    }
    entered = true;
    next = 0;
    return new Scope(this);
  }

  /**
   * Suspends whatever workspace the thread has entered: tensors made until the scope is closed own
   * their memory.
   */
  public static Scope outside() {
    return new Scope(null);
  }

  /** The memory it holds, in bytes. */
  public long bytes() {
    return bytes;
  }

  /** The number of its slots: the most tensors and views that one step has made. */
  public int slots() {
    return slots.size();
  }

  /** Frees all memory; tensors made in its scopes must not be used any more. */
  @Override
  public void close() {
    if (entered) {
      throw new IllegalStateException("this workspace is still entered; close its scope first");
    }
    closed = true;
    slots.forEach(Slot::free);
    slots.clear();
    bytes = 0;
  }

  Tensor allocate(DType dtype, Shape shape) {
    return nextSlot().tensor(dtype, shape);
  }

  Tensor view(Memory memory, int offset, DType dtype, Shape shape) {
    return nextSlot().view(memory, offset, dtype, shape);
  }

  private Slot nextSlot() {
    if (next == slots.size()) {
      slots.add(new Slot());
    }
    return slots.get(next++);
  }

  /**
   * The stretch of a program in which a workspace gives the tensors; closed by try-with-resources.
   */
  public static final class Scope implements AutoCloseable {
    private final @Nullable Workspace workspace;
    private final @Nullable Scope enclosing;
    private boolean closed;

    private Scope(@Nullable Workspace workspace) {
      this.workspace = workspace;
      this.enclosing = CURRENT.get();
      CURRENT.set(this);
    }

    /**
     * Ends the scope; the tensors made in it are invalid from now on.
     *
     * @throws IllegalStateException on another thread than it was entered, or before a scope that
     *     it encloses
     */
    @Override
    public void close() {
      if (closed) {
        return;
      }
      if (CURRENT.get() != this) {
        throw new IllegalStateException(
            "workspace scopes close on their own thread, the innermost first; use try-with-resources");
      }
      closed = true;
      if (enclosing == null) {
        CURRENT.remove();
      } else {
        CURRENT.set(enclosing);
      }
      if (workspace != null) {
        workspace.entered = false;
      }
    }
  }

  /** What the k-th tensor of a step was, by type and shape; the last used first. */
  private final class Slot {
    private final @Nullable Tensor[] variants = new Tensor[VARIANTS];
    private @Nullable Memory memory;

    Tensor tensor(DType dtype, Shape shape) {
      if (memory != null) {
        Tensor known = find(memory, 0, dtype, shape);
        if (known != null) {
          return known;
        }
      }
      return remember(
          new Tensor(room((long) shape.size() * dtype.bytes()), 0, dtype, shape, false));
    }

    Tensor view(Memory viewed, int offset, DType dtype, Shape shape) {
      Tensor known = find(viewed, offset, dtype, shape);
      return known != null ? known : remember(new Tensor(viewed, offset, dtype, shape, false));
    }

    private @Nullable Tensor find(Memory in, int offset, DType dtype, Shape shape) {
      for (int i = 0; i < VARIANTS; i++) {
        Tensor variant = variants[i];
        if (variant == null) {
          return null;
        }
        if (variant.isViewOf(in, offset, dtype, shape)) {
          System.arraycopy(variants, 0, variants, 1, i);
          variants[0] = variant;
          return variant;
        }
      }
      return null;
    }

    private Tensor remember(Tensor tensor) {
      Tensor last = variants[VARIANTS - 1];
      if (last != null) {
        last.release();
      }
      System.arraycopy(variants, 0, variants, 1, VARIANTS - 1);
      variants[0] = tensor;
      return tensor;
    }

    /** This slot's memory, made longer if need be (then everything on the old one goes). */
    private Memory room(long wanted) {
      Memory room = memory;
      if (room == null || room.bytes() < wanted) {
        free();
        room = Memory.allocate(wanted);
        memory = room;
        bytes += room.bytes();
      }
      return room;
    }

    void free() {
      for (int i = 0; i < VARIANTS; i++) {
        Tensor variant = variants[i];
        if (variant != null) {
          variant.release();
          variants[i] = null;
        }
      }
      if (memory != null) {
        bytes -= memory.bytes();
        memory.close();
        memory = null;
      }
    }
  }
}
