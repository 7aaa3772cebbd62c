package io.tapestream.serving.server;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.SumModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests that are wrong in every way that came to mind, from a seed. A few thousand in a build;
 * {@code -Dtapestream.fuzz.requests=1000000 -Dtapestream.fuzz.seed=7} for more, or others.
 */
class MalformedRequestsTest {
  private static final int REQUESTS = Integer.getInteger("tapestream.fuzz.requests", 4_000);
  private static final long SEED = Long.getLong("tapestream.fuzz.seed", 1);
  private static final int CLIENTS = 4;
  private static final int PATIENCE_MILLIS = 20_000;
  private static final long MEGABYTE = 1 << 20;

  @TempDir Path directory;

  @Test
  void noRequestHoweverWrongFailsTheServerAndRightOnesInBetweenAreAnswered() throws Exception {
    publish(directory, 1, oneFeature(2));
    try (ModelFollower follower = new SumModel().follower(directory);
        ModelServer server = ModelServer.start(List.of(follower), HttpSettings.loopback(0))) {
      follower.checkNow();
      int first = Math.max(CLIENTS, REQUESTS / 10);
      send(server, 0, first);
      long memory = memory();
      int threads = Thread.activeCount();

      send(server, first, REQUESTS);

      assertThat(memory() - memory).as("bytes on the heap and beside it").isLessThan(32 * MEGABYTE);
      assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + CLIENTS);
      Client client = Client.of(server);
      assertThat(client.get("/metrics").body()).doesNotContain("status=\"5");
      while (!client.get("/metrics").body().contains("requests_in_flight 1.0")) {
        Thread.sleep(10); // the last connections are being given up
      }
    }
  }

  private static void send(ModelServer server, int from, int to) throws Exception {
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<Future<?>> sent = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int client = i;
        sent.add(
            clients.submit(
                () -> {
                  for (int n = from + client; n < to; n += CLIENTS) {
                    byte[] request = new Malformed(SEED * 1_000_003 + n).next();
                    assertRefused(server, n, request);
                    if (n / CLIENTS % 10 == 0) {
                      assertRightOneIsAnswered(server);
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> client : sent) {
        client.get();
      }
    } finally {
      clients.shutdownNow();
    }
  }

  /** The server answers with what is no error of its own, or closes the connection. */
  private static void assertRefused(ModelServer server, int number, byte[] request) {
    String what = number + ": " + new String(request, StandardCharsets.ISO_8859_1);
    String answer = "";
    try (Socket socket = connect(server)) {
      OutputStream out = socket.getOutputStream();
      out.write(request);
      out.flush();
      socket.shutdownOutput();
      answer = new String(read(socket.getInputStream()), StandardCharsets.ISO_8859_1);
    } catch (SocketTimeoutException e) {
      throw new AssertionError("no answer within " + PATIENCE_MILLIS + " ms to " + what, e);
    } catch (IOException reset) {
      answer = ""; // it closed the connection while the request was still being sent
    }
    if (!answer.isEmpty()) {
      assertThat(answer).as(what).matches("(?s)HTTP/1\\.[01] [1234]\\d\\d .*");
      assertThat(answer).as(what).doesNotContain("\nHTTP/1.1 5").doesNotContain("Exception");
    }
  }

  private static void assertRightOneIsAnswered(ModelServer server) throws IOException {
    String body = "{\"instances\": [[1, 2]]}";
    try (Socket socket = connect(server)) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/models/sum:predict HTTP/1.1\r\n"
                      + "Host: a\r\n"
                      + "Connection: close\r\n"
                      + "Content-Length: "
                      + body.length()
                      + "\r\n\r\n"
                      + body)
                  .getBytes(StandardCharsets.ISO_8859_1));
      assertThat(new String(read(socket.getInputStream()), StandardCharsets.ISO_8859_1))
          .startsWith("HTTP/1.1 200 ")
          .endsWith("{\"predictions\":[[4.0]]}");
    }
  }

  private static Socket connect(ModelServer server) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.setSoLinger(true, 0); // a million connections must leave no ports waiting
    return socket;
  }

  private static byte[] read(InputStream in) throws IOException {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    byte[] buffer = new byte[4096];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      read.write(buffer, 0, n);
    }
    return read.toByteArray();
  }

  private static long memory() {
    System.gc();
    long beside =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    return beside + ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
