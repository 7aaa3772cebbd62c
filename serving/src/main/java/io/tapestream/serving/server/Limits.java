package io.tapestream.serving.server;

import java.time.Duration;

/**
 * What one client may ask of the server.
 *
 * @param bodyBytes largest body of a request; larger ones are refused with 413
 * @param rows most examples of a request; more are refused with 413
 * @param requests most requests at a time; further ones are refused with 429
 * @param idle longest silence on a connection, in the middle of a request (408) or between two
 * @param headerBytes largest header of a request; larger ones are refused with 431
 */
public record Limits(long bodyBytes, int rows, int requests, Duration idle, int headerBytes) {

  /** Bodies of 64 MiB, 100,000 rows, 256 requests, 30 s, headers of 8 KiB. */
  public static Limits defaults() {
    return new Limits(64L << 20, 100_000, 256, Duration.ofSeconds(30), 8 << 10);
  }

  /** Checks the numbers. */
  public Limits {
    atLeastOne(bodyBytes, "bodyBytes");
    if (bodyBytes >= Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "bodyBytes is " + bodyBytes + ": give less than " + Integer.MAX_VALUE);
    }
    atLeastOne(rows, "rows");
    atLeastOne(requests, "requests");
    atLeastOne(headerBytes, "headerBytes");
    if (idle.isNegative() || idle.isZero()) {
      throw new IllegalArgumentException("idle is " + idle + ": give a positive time");
    }
  }

  /** The same with another largest body. */
  public Limits withBodyBytes(long bytes) {
    return new Limits(bytes, rows, requests, idle, headerBytes);
  }

  /** The same with another number of examples. */
  public Limits withRows(int count) {
    return new Limits(bodyBytes, count, requests, idle, headerBytes);
  }

  /** The same with another number of requests at a time. */
  public Limits withRequests(int count) {
    return new Limits(bodyBytes, rows, count, idle, headerBytes);
  }

  /** The same with another longest silence. */
  public Limits withIdle(Duration time) {
    return new Limits(bodyBytes, rows, requests, time, headerBytes);
  }

  private static void atLeastOne(long number, String what) {
    if (number < 1) {
      throw new IllegalArgumentException(what + " is " + number + ": give at least 1");
    }
  }
}
