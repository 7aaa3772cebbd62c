package io.tapestream.backend.nd4j;

import io.tapestream.backend.Backend;
import io.tapestream.backend.BackendProvider;

/** Offers the {@code nd4j} backend: preferred to none but what does not load. */
public final class Nd4jProvider implements BackendProvider {
  @Override
  public String name() {
    return Nd4jBackend.NAME;
  }

  @Override
  public int preference() {
    return 10;
  }

  /**
   * Starts ND4J.
   *
   * @throws IllegalStateException if it is ND4J for cards, and there is none
   */
  @Override
  public Backend create() {
    CudaDevice.missing()
        .ifPresent(
            why -> {
              throw new IllegalStateException(why);
            });
    return new Nd4jBackend();
  }
}
