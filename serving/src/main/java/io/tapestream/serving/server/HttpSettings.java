package io.tapestream.serving.server;

import java.time.Duration;
import java.util.Optional;

/**
 * Where and how the server listens.
 *
 * @param host address to listen at; the loopback address is reached from this machine only
 * @param port TCP port; 0 lets the system choose a free one
 * @param limits what one client may ask
 * @param tls certificate and key; without them the server speaks plain HTTP
 * @param token what clients must show; without one it answers everybody
 * @param farewell how it stops
 */
public record HttpSettings(
    String host,
    int port,
    Limits limits,
    Optional<Tls> tls,
    Optional<BearerToken> token,
    Farewell farewell) {

  /** The port TensorFlow Serving uses for REST. */
  public static final int DEFAULT_PORT = 8501;

  /**
   * How the server stops.
   *
   * @param notice time for which it still takes connections but says that it isn't ready, so that
   *     who sends it requests can turn elsewhere
   * @param patience longest wait for the requests under way after that
   */
  public record Farewell(Duration notice, Duration patience) {

    /** No notice; half a minute for requests under way. */
    public static Farewell defaults() {
      return new Farewell(Duration.ZERO, Duration.ofSeconds(30));
    }

    /** Checks the times. */
    public Farewell {
      if (notice.isNegative() || patience.isNegative()) {
        throw new IllegalArgumentException("the times of a farewell can't be negative");
      }
    }
  }

  /** Loopback, without TLS and token. */
  public static HttpSettings loopback(int port) {
    return new HttpSettings(
        "127.0.0.1",
        port,
        Limits.defaults(),
        Optional.empty(),
        Optional.empty(),
        Farewell.defaults());
  }

  /** Checks the port. */
  public HttpSettings {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port is " + port + ": give 0 to 65535");
    }
  }

  /** The same at another address, such as {@code 0.0.0.0} for all. */
  public HttpSettings withHost(String address) {
    return new HttpSettings(address, port, limits, tls, token, farewell);
  }

  /** The same with other limits. */
  public HttpSettings withLimits(Limits others) {
    return new HttpSettings(host, port, others, tls, token, farewell);
  }

  /** The same with TLS. */
  public HttpSettings withTls(Tls files) {
    return new HttpSettings(host, port, limits, Optional.of(files), token, farewell);
  }

  /** The same with a token that clients must show. */
  public HttpSettings withToken(BearerToken expected) {
    return new HttpSettings(host, port, limits, tls, Optional.of(expected), farewell);
  }

  /** The same with another way to stop. */
  public HttpSettings withFarewell(Farewell other) {
    return new HttpSettings(host, port, limits, tls, token, other);
  }
}
