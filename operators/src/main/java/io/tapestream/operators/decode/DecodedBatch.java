package io.tapestream.operators.decode;

import io.tapestream.training.Batch;
import java.util.List;

/**
 * What became of a mini-batch. The batch's memory belongs to the decoder and is valid until it
 * decodes the next one.
 *
 * @param batch the examples that can be learned from, in the records' order; may have none left
 * @param rejected the others, in the records' order
 */
public record DecodedBatch(Batch batch, List<Rejected> rejected) {
  public DecodedBatch {
    rejected = List.copyOf(rejected);
  }
}
