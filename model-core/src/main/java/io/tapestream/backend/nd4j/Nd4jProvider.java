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

  @Override
  public Backend create() {
    return new Nd4jBackend();
  }
}
