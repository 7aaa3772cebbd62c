package io.tapestream.serving.server;

import io.tapestream.serving.protocol.Exchange;
import io.tapestream.serving.protocol.RequestException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/** A request as Jetty hands it over. */
final class JettyExchange extends Exchange {
  /** Read and thrown away after a refusal, so that a client which still sends reads the answer. */
  private static final int COURTESY = 1 << 20;

  /** Longest time for that: neither a token nor a slot is needed to be refused. */
  private static final Duration COURTESY_TIME = Duration.ofSeconds(1);

  /** Who sends a body more slowly is cut off, before so many of them hold all threads. */
  private static final int LEAST_BYTES_PER_SECOND = 256;

  /**
   * Memory that is taken for a body before its bytes have come, whatever its length is said to be.
   */
  private static final int MOST_FORESEEN = 1 << 20;

  /** Bytes read at a time: all that a connection's buffer holds, so that nothing is left in it. */
  static final int BUFFER = 8 << 10;

  private final Request request;
  private final Limits limits;
  private final String path;
  private @Nullable InputStream content;
  private byte @Nullable [] body;

  JettyExchange(Request request, Limits limits) {
    this.request = request;
    this.limits = limits;
    String decoded = request.getHttpURI().getDecodedPath();
    this.path = decoded == null ? "/" : decoded;
    // A client is silent while its answer is computed. Taken for a failure, that would make Jetty
    // read the body in a thread of its own, beside this one.
    request.addIdleTimeoutListener(silence -> false);
  }

  /** {@code HEAD} is told as {@code GET}; Jetty leaves the body out. */
  @Override
  public String method() {
    return request.getMethod().equals("HEAD") ? "GET" : request.getMethod();
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public @Nullable String header(String name) {
    return request.getHeaders().get(name);
  }

  @Override
  public byte[] body() throws IOException {
    byte[] read = body;
    if (read == null) {
      read = readBody();
      body = read;
    }
    return read;
  }

  private byte[] readBody() throws IOException {
    String encoding = header(HttpHeader.CONTENT_ENCODING.asString());
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      throw new RequestException(
          415, "Content-Encoding is " + encoding + ": send the body as it is");
    }
    if (request.getLength() > limits.bodyBytes()) {
      throw tooLarge();
    }
    try {
      return readAll(content());
    } catch (IOException | RuntimeException e) {
      throw refusal(e);
    }
  }

  /** One for all who read; it isn't closed, which would break the answer's way. */
  private InputStream content() {
    InputStream opened = content;
    if (opened == null) {
      opened = Request.asInputStream(request);
      content = opened;
    }
    return opened;
  }

  private byte[] readAll(InputStream in) throws IOException {
    long begin = System.nanoTime();
    long announced = request.getLength(); // -1 in a body of chunks
    ByteArrayOutputStream bytes =
        new ByteArrayOutputStream((int) Math.max(512, Math.min(announced, MOST_FORESEEN)));
    byte[] buffer = new byte[BUFFER];
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      bytes.write(buffer, 0, read);
      if (bytes.size() > limits.bodyBytes()) {
        throw tooLarge();
      }
      long late = System.nanoTime() - begin - limits.idle().toNanos();
      if (late > 0 && bytes.size() < late / 1e9 * LEAST_BYTES_PER_SECOND) {
        throw new RequestException(408, "the body comes too slowly");
      }
    }
    return bytes.toByteArray();
  }

  private RequestException tooLarge() {
    return new RequestException(
        413, "the body is larger than " + limits.bodyBytes() + " bytes: send fewer examples");
  }

  /** What went wrong while the body was read, as far as the client can be told. */
  private static RuntimeException refusal(Exception e) throws IOException {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof RequestException refused) {
        return refused;
      }
      if (cause instanceof HttpException http) {
        return new RequestException(http.getCode(), "the body can't be read: " + http.getReason());
      }
      if (cause instanceof TimeoutException) {
        return new RequestException(408, "the rest of the body didn't come in time");
      }
      if (cause instanceof EOFException) {
        return new RequestException(400, "the body ends too early");
      }
    }
    if (e instanceof IOException io) {
      throw io;
    }
    return (RuntimeException) e;
  }

  /**
   * Reads what is left of a body that has not been read to its end, within bounds.
   *
   * @return whether that was all of it, so that another request can follow on the connection
   */
  boolean discardBody() {
    if (body != null || !hasBody()) {
      return true;
    }
    EndPoint connection = request.getConnectionMetaData().getConnection().getEndPoint();
    long idle = connection.getIdleTimeout();
    long deadline = System.nanoTime() + COURTESY_TIME.toNanos();
    byte[] buffer = new byte[BUFFER];
    try {
      InputStream in = content();
      for (int room = COURTESY; room > 0; ) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          return false;
        }
        connection.setIdleTimeout(left); // bounds the read
        int read = in.read(buffer);
        if (read < 0) {
          return true;
        }
        room -= read;
      }
      return false;
    } catch (IOException | RuntimeException e) {
      return false; // it doesn't come, or has broken; the answer is on its way either way
    } finally {
      connection.setIdleTimeout(idle);
    }
  }

  private boolean hasBody() {
    return request.getLength() > 0 || request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING);
  }
}
