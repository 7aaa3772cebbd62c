package io.tapestream.serving.server;

/**
 * Where and how the server listens.
 *
 * @param host address to listen at; the loopback address is reached from this machine only
 * @param port TCP port; 0 lets the system choose a free one
 * @param maxRequestBytes largest request body that is read
 */
public record HttpSettings(String host, int port, long maxRequestBytes) {

  /** The port TensorFlow Serving uses for REST. */
  public static final int DEFAULT_PORT = 8501;

  /** Loopback, with bodies of up to 64 MiB. */
  public static HttpSettings loopback(int port) {
    return new HttpSettings("127.0.0.1", port, 64L << 20);
  }

  /** Checks the numbers. */
  public HttpSettings {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port is " + port + ": give 0 to 65535");
    }
    if (maxRequestBytes < 1) {
      throw new IllegalArgumentException(
          "maxRequestBytes is " + maxRequestBytes + ": give at least 1");
    }
  }

  /** The same at another address, such as {@code 0.0.0.0} for all. */
  public HttpSettings withHost(String address) {
    return new HttpSettings(address, port, maxRequestBytes);
  }
}
