package io.tapestream.operators.publish;

import io.tapestream.files.Manifest;
import java.io.IOException;

/** Tells others of a version that has been committed. */
interface Announcer extends AutoCloseable {

  /** Announces nothing. */
  Announcer SILENT =
      new Announcer() {
        @Override
        public void announce(Manifest version) {}

        @Override
        public void close() {}
      };

  /**
   * Returns when the announcement is safe. A version may be announced more than once: readers drop
   * repeats by (model, version).
   *
   * @throws IOException if it can't be made safe; the job then restarts from its checkpoint, finds
   *     the version committed, and announces it again
   */
  void announce(Manifest version) throws IOException, InterruptedException;

  @Override
  void close();
}
