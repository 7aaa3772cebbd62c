package io.tapestream.serving.protocol;

import io.tapestream.files.Manifest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A request, and what becomes known of it while it is answered. One thread uses it. */
public abstract class Exchange {
  private @Nullable String model;
  private @Nullable Manifest version;
  private int rows;

  /** For the server, or a test, to say where the request comes from. */
  protected Exchange() {}

  /** Such as {@code POST}. */
  public abstract String method();

  /** The decoded path, such as {@code /v1/models/lenet:predict}. */
  public abstract String path();

  /** The value of a header, by its name in any case. */
  public abstract @Nullable String header(String name);

  /**
   * The whole body, read at the first call.
   *
   * @throws RequestException with status 413 if it is larger than the server takes, 400 if it ends
   *     too early
   * @throws IOException if the connection broke
   */
  public abstract byte[] body() throws IOException;

  /**
   * Checks the method.
   *
   * @throws RequestException with status 405 if it is another
   */
  public void requireMethod(String expected) {
    if (!method().equals(expected)) {
      throw new RequestException(
          405, method() + " does nothing at " + path() + ": use " + expected);
    }
  }

  /** The model that was asked for, once it is known that there is one. */
  public @Nullable String model() {
    return model;
  }

  /** The version that answers, once it is chosen. */
  public @Nullable Manifest version() {
    return version;
  }

  /** Examples that were answered. */
  public int rows() {
    return rows;
  }

  void isFor(String name) {
    this.model = name;
  }

  void isAnsweredBy(Manifest manifest) {
    this.version = manifest;
  }

  void hasRows(int count) {
    this.rows = count;
  }
}
