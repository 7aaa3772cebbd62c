package io.tapestream.operators.train;

/**
 * What a trainer's residuals may take of the heap: one number a trained parameter and partition,
 * and while a checkpoint is cut twice as much again, for the copy and its bytes.
 */
final class ResidualMemory {

  private static final long MIB = 1 << 20;
  private static final int COPIES = 3;

  private ResidualMemory() {}

  /**
   * Refuses a job whose residuals could not be held.
   *
   * @param partitions of the whole job, dealt to the trainers
   * @param trained parameters of the model that are trained
   * @param heap bytes
   */
  static void check(int partitions, int trainers, int trained, long heap) {
    long each = ((long) partitions + trainers - 1) / trainers;
    long needed = COPIES * each * trained * Float.BYTES;
    if (needed > heap) {
      throw new IllegalStateException(
          "what this compression leaves unsent of %d partitions may need %d MiB, the heap has %d MiB:"
                  .formatted(each, needed / MIB, heap / MIB)
              + " choose compression: float16, run more trainers, or raise"
              + " taskmanager.memory.task.heap.size");
    }
  }
}
