package io.tapestream.backend.cpu;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Plans waiting for their next use, by what they compute (operation, shapes, settings). A plan
 * holds native state and scratch memory, so one thread uses it at a time: a thread takes one, or
 * makes it when none is free, and gives it back. There are never more plans for a key than threads
 * that ran it at once. Beyond the capacity the plans that waited longest are closed.
 *
 * @param <K> what a plan computes; equal keys, interchangeable plans
 * @param <P> the plans
 */
final class PlanPool<K, P extends AutoCloseable> {
  private final Map<K, Deque<P>> waiting = new LinkedHashMap<>(16, 0.75f, true);
  private final Function<K, P> maker;
  private final int capacity;
  private int count;

  PlanPool(int capacity, Function<K, P> maker) {
    this.capacity = capacity;
    this.maker = maker;
  }

  /** A plan for this key, for the caller alone until it gives it back. */
  P take(K key) {
    synchronized (waiting) {
      Deque<P> free = waiting.get(key);
      P plan = free == null ? null : free.pollFirst();
      if (plan != null) {
        count--;
        return plan;
      }
    }
    return maker.apply(key);
  }

  /** Gives back a plan that {@link #take} gave out for this key. */
  void giveBack(K key, P plan) {
    synchronized (waiting) {
      waiting.computeIfAbsent(key, k -> new ArrayDeque<>()).addFirst(plan);
      count++;
      if (count <= capacity) {
        return;
      }
    }
    closeOldest();
  }

  private void closeOldest() {
    P oldest = null;
    synchronized (waiting) {
      Iterator<Deque<P>> eldestFirst = waiting.values().iterator();
      while (oldest == null && eldestFirst.hasNext()) {
        Deque<P> free = eldestFirst.next();
        oldest = free.pollLast();
        if (free.isEmpty()) {
          eldestFirst.remove();
        }
      }
      if (oldest != null) {
        count--;
      }
    }
    if (oldest != null) {
      close(oldest);
    }
  }

  private static void close(AutoCloseable plan) {
    try {
      plan.close();
    } catch (Exception e) {
      throw new IllegalStateException("a plan could not be closed: " + e.getMessage(), e);
    }
  }
}
