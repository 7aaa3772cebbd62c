package io.tapestream.benchmarks.chaos;

/** What happens to a running job. */
public enum Fault {
  /** kill -9 of a task manager, any one. */
  TASK_MANAGER,
  /** kill -9 of the job manager. */
  JOB_MANAGER,
  /** kill -9 of the broker, which is started again at once. */
  BROKER,
  /** A savepoint that ends the job, which goes on with other parallelism. */
  RESCALE,
  /** What travels between task managers is slow, and cut for a while. */
  LINK,
  /** The disk of checkpoints and versions is full or read-only for a while. */
  DISK
}
