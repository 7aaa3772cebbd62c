package io.tapestream.layers;

import org.jspecify.annotations.Nullable;

/**
 * Where a layer stands.
 *
 * @param model the whole model that it was last built in, which holds its variables; null for none
 * @param path its name there, such as {@code encoder/conv1}
 * @param index its number among the model's layers; random layers draw by it
 */
public record Place(@Nullable Layer model, String path, int index) {

  /** That of a layer which is in no model. */
  public static final Place NONE = new Place(null, "", -1);
}
