package io.tapestream.tensor;

/**
 * What a backend keeps beside a tensor between calls: its own wrapper of the memory, a prepared
 * primitive, a converted copy. It is made at the first use and found again at the next, since
 * parameters and a workspace's slots are the same tensor objects in every step.
 */
public interface Attachment {
  /** Frees native resources; called once when the tensor is closed or its slot is replaced. */
  default void release() {}
}
