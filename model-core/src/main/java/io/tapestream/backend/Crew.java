package io.tapestream.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Threads that do the parts of a piece of work together. What the parts are never depends on how
 * many threads there are, and no part reads what another one writes; so the crew changes how long
 * the work takes, and never a bit of its result.
 *
 * <pre>{@code
 * try (Crew crew = new Crew(2, "step"); Crew.Scope scope = crew.enter()) {
 *   ... // primitives that this thread calls are shared out: Crew.share(parts, this::part)
 * }
 * }</pre>
 *
 * <p>Parts may be as short as some microseconds: a mate that has just finished one looks out for
 * the next for a while before it sleeps.
 */
public final class Crew implements AutoCloseable {
  private static final long LOOK_OUT_NANOS = 50_000;
  private static final int LOOKS_BETWEEN_CLOCKS = 64;
  private static final ThreadLocal<@Nullable Crew> CURRENT = new ThreadLocal<>();

  private final List<Mate> mates = new ArrayList<>();
  private volatile @Nullable Job job;
  private volatile boolean closed;
  private boolean busy; // only its caller's thread asks

  /** A part of the work. */
  @FunctionalInterface
  public interface Part {
    /** Does it. */
    void run(int part);
  }

  /**
   * A crew.
   *
   * @param threads of which the caller's is one
   * @param name of the others, which get a number each
   */
  public Crew(int threads, String name) {
    if (threads < 1) {
      throw new IllegalArgumentException("a crew has at least one thread, not " + threads);
    }
    for (int i = 1; i < threads; i++) {
      Mate mate = new Mate(name + "-" + i);
      mates.add(mate);
      mate.start();
    }
  }

  /** The number of threads, the caller's among them. */
  public int threads() {
    return mates.size() + 1;
  }

  /**
   * Does parts {@code 0 … parts-1}, the calling thread too, and returns when all are done. One
   * thread calls at a time; within a part the crew is not shared again.
   *
   * @throws RuntimeException what a part threw first; the others are done nevertheless
   */
  public void run(int parts, Part part) {
    if (parts <= 1 || busy || mates.isEmpty()) {
      for (int i = 0; i < parts; i++) {
        part.run(i);
      }
      return;
    }
    Job shared = new Job(parts, part);
    busy = true;
    job = shared;
    mates.forEach(Mate::wake);
    shared.work();
    shared.await();
    job = null;
    busy = false;
    shared.rethrow();
  }

  /** Does parts by the crew that this thread has entered, or one after another if it has none. */
  public static void share(int parts, Part part) {
    Crew crew = CURRENT.get();
    if (crew != null) {
      crew.run(parts, part);
    } else {
      for (int i = 0; i < parts; i++) {
        part.run(i);
      }
    }
  }

  /** A stretch of this thread's program in which primitives are shared out to this crew. */
  public Scope enter() {
    Crew before = CURRENT.get();
    CURRENT.set(this);
    return () -> CURRENT.set(before);
  }

  /** Ends with the stretch; closed by try-with-resources, on the thread that entered. */
  @FunctionalInterface
  public interface Scope extends AutoCloseable {
    @Override
    void close();
  }

  /** Ends the threads; what they do is done first. */
  @Override
  public void close() {
    closed = true;
    mates.forEach(LockSupport::unpark);
  }

  /** Parts that are taken one by one. */
  private static final class Job {
    private final int parts;
    private final Part part;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private volatile @Nullable Throwable failure;

    Job(int parts, Part part) {
      this.parts = parts;
      this.part = part;
    }

    void work() {
      for (int i = next.getAndIncrement(); i < parts; i = next.getAndIncrement()) {
        try {
          part.run(i);
        } catch (RuntimeException | Error e) {
          failure = failure == null ? e : failure;
        } finally {
          done.incrementAndGet();
        }
      }
    }

    /** Other threads are in the middle of a part, and only of one. */
    @SuppressWarnings("ThreadPriorityCheck") // it only gives way to mates without a processor
    void await() {
      for (int looks = 1; done.get() < parts; looks++) {
        if (looks % LOOKS_BETWEEN_CLOCKS == 0) {
          Thread.yield();
        } else {
          Thread.onSpinWait();
        }
      }
    }

    void rethrow() {
      Throwable thrown = failure;
      if (thrown instanceof RuntimeException e) {
        throw e;
      }
      if (thrown instanceof Error e) {
        throw e;
      }
    }
  }

  private final class Mate extends Thread {
    private volatile boolean asleep;

    Mate(String name) {
      super(name);
      setDaemon(true);
    }

    void wake() {
      if (asleep) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      Job last = null;
      while (!closed) {
        Job found = lookOut(last);
        if (found != null) {
          found.work();
          last = found;
        } else {
          asleep = true;
          if (!closed && isOld(job, last)) {
            LockSupport.park(Crew.this);
          }
          asleep = false;
        }
      }
    }

    private static boolean isOld(@Nullable Job seen, @Nullable Job last) {
      return seen == null || seen == last;
    }

    /** A job that it hasn't seen; null if none came for a while. */
    private @Nullable Job lookOut(@Nullable Job last) {
      long until = System.nanoTime() + LOOK_OUT_NANOS;
      do {
        for (int i = 0; i < LOOKS_BETWEEN_CLOCKS; i++) {
          Job seen = job;
          if (seen != null && seen != last) {
            return seen;
          }
          Thread.onSpinWait();
        }
      } while (System.nanoTime() < until && !closed);
      return null;
    }
  }
}
