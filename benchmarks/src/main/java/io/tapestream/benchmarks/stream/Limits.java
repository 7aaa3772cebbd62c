package io.tapestream.benchmarks.stream;

import io.tapestream.benchmarks.Contestant;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;

/** What the machine itself can do, in bytes a second. */
final class Limits {

  private static final int CHUNK = 1 << 20;

  private Limits() {}

  /** Copies memory that no cache holds, one thread. */
  static Contestant memoryCopy() {
    byte[] from = new byte[64 * CHUNK];
    byte[] to = new byte[from.length];
    return atLeast -> {
      long copied = 0;
      long start = System.nanoTime();
      long passed;
      do {
        System.arraycopy(from, 0, to, 0, from.length);
        copied += from.length;
        passed = System.nanoTime() - start;
      } while (passed < atLeast.toNanos());
      return copied * 1e9 / passed;
    };
  }

  /** Sends from one thread to another through the loopback interface, as TCP. */
  static Contestant loopback() {
    return Limits::loopback;
  }

  private static double loopback(Duration atLeast) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket sender = new Socket(server.getInetAddress(), server.getLocalPort());
        Socket receiver = server.accept()) {
      Thread sending = new Thread(() -> send(sender), "loopback");
      sending.setDaemon(true);
      sending.start();
      InputStream in = receiver.getInputStream();
      byte[] chunk = new byte[CHUNK];
      long received = 0;
      long start = System.nanoTime();
      long passed;
      do {
        received += in.readNBytes(chunk, 0, CHUNK);
        passed = System.nanoTime() - start;
      } while (passed < atLeast.toNanos());
      return received * 1e9 / passed;
    }
  }

  private static void send(Socket socket) {
    byte[] chunk = new byte[CHUNK];
    try {
      OutputStream out = socket.getOutputStream();
      while (!socket.isClosed()) {
        out.write(chunk);
      }
    } catch (IOException receiverHasHeardEnough) {
      // It closes the connection when its turn is over.
    }
  }
}
