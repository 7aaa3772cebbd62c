package io.tapestream.backend;

/**
 * How a backend offers itself: named in {@code
 * META-INF/services/io.tapestream.backend.BackendProvider}, and cheap to construct; native
 * libraries load in {@link #create}.
 */
public interface BackendProvider {
  /** The name that the system property {@code tapestream.backend} chooses it by. */
  String name();

  /** Its place among those that load: the highest is the default. */
  int preference();

  /**
   * Loads native libraries and makes the backend.
   *
   * @throws RuntimeException or a {@link LinkageError} if it can't run on this machine; the message
   *     says why
   */
  Backend create();
}
