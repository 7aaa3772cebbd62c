package io.tapestream.operators.source;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Rings on a thread of its own, which starts when the alarm is first set. */
final class ThreadAlarm implements Alarm {

  private final Runnable bell;
  private @Nullable ScheduledThreadPoolExecutor timer;
  private @Nullable ScheduledFuture<?> next;

  ThreadAlarm(Runnable bell) {
    this.bell = bell;
  }

  @Override
  public void set(long nanos) {
    if (next != null && !next.isDone()) {
      if (next.getDelay(TimeUnit.NANOSECONDS) <= nanos) {
        return;
      }
      next.cancel(false);
    }
    if (timer == null) {
      timer = new ScheduledThreadPoolExecutor(1, ThreadAlarm::thread);
      timer.setRemoveOnCancelPolicy(true);
    }
    next = timer.schedule(bell, nanos, TimeUnit.NANOSECONDS);
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "tapestream-alarm");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    if (timer != null) {
      timer.shutdownNow();
    }
  }
}
