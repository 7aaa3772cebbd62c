package io.tapestream.serving.protocol;

import java.io.IOException;
import java.util.Optional;

/** A way of asking models over HTTP. Threads share it. */
public interface Protocol {

  /** Its name in metrics, such as {@code tensorflow}. */
  String name();

  /** Whether a path is one of its own, be there something at it or not. */
  boolean speaks(String path);

  /** What it tells of the server's health at a path; everybody may ask for that. */
  default Optional<Reply> health(String path) {
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
