package io.tapestream.jobs.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Random;

/**
 * Ports of this machine that nobody listens at, below the range from which Linux, macOS and Windows
 * serve outgoing connections. Within that range a client that keeps trying to reach a stopped
 * server sooner or later connects to itself, and the server can't have its port back.
 */
public final class FreePorts {
  private static final int FIRST = 20_000;

  private static final int LAST = 32_000;

  private static final Random RANDOM = new Random();

  private FreePorts() {}

  /**
   * A port that is free now.
   *
   * @throws IllegalStateException if none is found
   */
  public static int next() {
    for (int attempt = 0; attempt < 1_000; attempt++) {
      int port = FIRST + RANDOM.nextInt(LAST - FIRST);
      if (isFree(port)) {
        return port;
      }
    }
    throw new IllegalStateException(
        "no free port between " + FIRST + " and " + LAST + " on this machine");
  }

  /** Whether a server on this machine could have it. */
  public static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException taken) {
      return false;
    }
  }
}
