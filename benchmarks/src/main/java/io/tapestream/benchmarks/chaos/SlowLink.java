package io.tapestream.benchmarks.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A TCP link of a given rate and delay that can be cut and mended: a proxy on the loopback
 * interface in front of a port. While it is cut, connections stay and bytes wait, as when packets
 * are lost on the way.
 *
 * <pre>
 *   client ─► listening port ─► [ at most so many bytes a second, each so much later ] ─► target port
 *          ◄─────────────────── [ the same the other way                            ] ◄─
 * </pre>
 */
final class SlowLink implements AutoCloseable {
  private static final int CHUNK = 1_400; // about a packet
  private static final int IN_FLIGHT = 256; // chunks that a direction holds before it reads no more

  private final ServerSocket listening;
  private final int target;
  private final Thread acceptor = new Thread(this::accept, "slow-link");
  private final List<Socket> sockets = new ArrayList<>(); // guarded by lock
  private final List<Thread> pumps = new ArrayList<>(); // guarded by lock
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long bytesPerSecond = Long.MAX_VALUE; // guarded by lock
  private long delayNanos; // guarded by lock
  private boolean cut; // guarded by lock
  private boolean closed; // guarded by lock
  private long passed; // guarded by lock

  /** Bytes that were read together; none at the end of a connection. */
  @SuppressWarnings("ArrayRecordComponent") // passed on, compared by nobody
  private record Chunk(byte[] bytes, int length, long readAt) {
    boolean isEnd() {
      return length < 0;
    }
  }

  private SlowLink(int target) throws IOException {
    this.target = target;
    this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    acceptor.start();
  }

  /** A link to a port of this machine, as fast as the machine at first. */
  static SlowLink to(int port) throws IOException {
    return new SlowLink(port);
  }

  /** Where clients connect to. */
  int port() {
    return listening.getLocalPort();
  }

  /** Bytes that have come through, both ways. */
  long passed() {
    lock.lock();
    try {
      return passed;
    } finally {
      lock.unlock();
    }
  }

  /** Lets each direction of each connection carry so much, and every byte take so long. */
  void slowTo(long bitsPerSecond, Duration delay) {
    lock.lock();
    try {
      bytesPerSecond = bitsPerSecond / 8;
      delayNanos = delay.toNanos();
    } finally {
      lock.unlock();
    }
  }

  /** Lets nothing through until {@link #mend}. */
  void cut() {
    lock.lock();
    try {
      cut = true;
    } finally {
      lock.unlock();
    }
  }

  /** Takes back {@link #cut}. */
  void mend() {
    lock.lock();
    try {
      cut = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void accept() {
    while (true) {
      try {
        Socket client = listening.accept();
        Socket server = new Socket();
        try {
          server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
        } catch (IOException refused) {
          client.close();
          continue;
        }
        connect(client, server);
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void connect(Socket client, Socket server) throws IOException {
    client.setTcpNoDelay(true);
    server.setTcpNoDelay(true);
    lock.lock();
    try {
      sockets.add(client);
      sockets.add(server);
      pump(client, server);
      pump(server, client);
    } finally {
      lock.unlock();
    }
  }

  private void pump(Socket from, Socket to) {
    BlockingQueue<Chunk> inFlight = new ArrayBlockingQueue<>(IN_FLIGHT);
    start("slow-link-in", () -> read(from, inFlight));
    start("slow-link-out", () -> write(inFlight, to));
  }

  private void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    pumps.add(thread);
    thread.start();
  }

  private static void read(Socket from, BlockingQueue<Chunk> inFlight) {
    try {
      try {
        InputStream in = from.getInputStream();
        while (true) {
          byte[] bytes = new byte[CHUNK];
          int n = in.read(bytes);
          if (n < 0) {
            break;
          }
          inFlight.put(new Chunk(bytes, n, System.nanoTime()));
        }
      } catch (IOException reset) {
        // the other side learns of it as of an end
      }
      inFlight.put(new Chunk(new byte[0], -1, System.nanoTime()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(BlockingQueue<Chunk> inFlight, Socket to) {
    try (to) {
      OutputStream out = to.getOutputStream();
      long free = System.nanoTime(); // when the line has carried what came before
      for (Chunk chunk = inFlight.take(); !chunk.isEnd(); chunk = inFlight.take()) {
        free = Math.max(free, chunk.readAt());
        free = carry(chunk, free);
        out.write(chunk.bytes(), 0, chunk.length());
      }
    } catch (IOException | InterruptedException e) {
      Thread.currentThread().interrupt(); // the connection is gone, or the link is closed
    }
  }

  /** Waits until a chunk has arrived; gives the time at which the line is free again. */
  private long carry(Chunk chunk, long free) throws InterruptedException {
    lock.lock();
    try {
      long sent = free + TimeUnit.SECONDS.toNanos(chunk.length()) / bytesPerSecond;
      long wait = sent + delayNanos - System.nanoTime();
      while ((cut || wait > 0) && !closed) {
        if (cut) {
          changed.await();
        } else {
          wait = changed.awaitNanos(wait);
        }
      }
      passed += chunk.length();
      return sent;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      for (Socket socket : sockets) {
        socket.close();
      }
      pumps.forEach(Thread::interrupt);
    } finally {
      lock.unlock();
    }
  }
}
