package io.tapestream.backend.nd4j;

import io.tapestream.backend.Backend;
import io.tapestream.backend.BackendContract;

class Nd4jBackendTest extends BackendContract {
  private static final Backend BACKEND = new Nd4jProvider().create();

  @Override
  protected Backend backend() {
    return BACKEND;
  }
}
