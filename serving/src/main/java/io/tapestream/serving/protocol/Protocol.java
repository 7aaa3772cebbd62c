package io.tapestream.serving.protocol;

import java.io.IOException;
import java.util.Optional;

/** A way of asking models over HTTP. Threads share it. */
public interface Protocol {
  /** All that clients who aren't trusted are told of a server that isn't ready. */
  String NOT_READY = "not ready";

  /** Its name in metrics, such as {@code tensorflow}. */
  String name();

  /** Whether a path is one of its own, be there something at it or not. */
  boolean speaks(String path);

  /**
   * What it tells of the server's health at a path; everybody may ask for that.
   *
   * @param trusted whether the client may know why, or just {@link #NOT_READY}: reasons tell of
   *     directories and files
   */
  default Optional<Reply> health(String path, boolean trusted) {
    return Optional.empty();
  }

  /**
   * Answers.
   *
   * @throws RequestException if the request is wrong; the server tells the client
   * @throws IOException if the client's connection broke
   */
  Reply answer(Exchange exchange) throws IOException, InterruptedException;
}
