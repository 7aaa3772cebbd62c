package io.tapestream.serving.server;

import io.tapestream.files.Manifest;
import io.tapestream.serving.protocol.Exchange;
import io.tapestream.serving.protocol.JsonText;
import io.tapestream.serving.protocol.Models;
import io.tapestream.serving.protocol.Protocol;
import io.tapestream.serving.protocol.Reply;
import io.tapestream.serving.protocol.RequestException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every request's way: is there room, is the token right, who speaks this path, what is the answer;
 * and the answer's way back. Health is told to everybody, also without room and token; why the
 * server isn't ready only to who would be answered.
 */
final class Front extends Handler.Abstract {
  private static final Logger LOG = LoggerFactory.getLogger(Front.class);
  private static final String NO_PROTOCOL = "none";
  private static final String RETRY_AFTER_SECONDS = "1";

  private final Readiness readiness;
  private final List<Protocol> protocols;
  private final Limits limits;
  private final Optional<BearerToken> token;
  private final ServerMetrics metrics;

  // guarded by this
  private int inFlight;
  private volatile boolean lastCalls;

  Front(
      Models models,
      Readiness readiness,
      List<Protocol> protocols,
      Limits limits,
      Optional<BearerToken> token) {
    this.readiness = readiness;
    this.protocols = protocols;
    this.limits = limits;
    this.token = token;
    this.metrics = new ServerMetrics(models, this::inFlight, Clock.systemUTC());
  }

  // The way in

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    long begin = System.nanoTime();
    JettyExchange exchange = new JettyExchange(request, limits);
    boolean room = enter();
    AtomicBoolean left = new AtomicBoolean();
    Callback last =
        Callback.from(
            callback,
            () -> {
              if (left.compareAndSet(false, true)) {
                leave();
              }
            });
    try {
      String protocol = protocolOf(exchange.path());
      Reply reply = answer(exchange, room);
      boolean wholeBody = exchange.discardBody();
      Manifest version = exchange.version();
      if (version != null) {
        reply = reply.with(ModelServer.VERSION_HEADER, Long.toString(version.version()));
      }
      metrics.answered(
          exchange, protocol, reply.status(), Duration.ofNanos(System.nanoTime() - begin));
      send(wholeBody ? reply : reply.with("Connection", "close"), response, last);
    } catch (IOException e) { // the connection broke: there is nobody to answer
      LOG.debug("{} {} was given up", exchange.method(), exchange.path(), e);
      last.failed(e);
    } catch (RuntimeException | Error e) {
      last.failed(e); // gives the slot back; where nothing has been sent it is answered with 500
      LOG.error("{} {} could not be answered", exchange.method(), exchange.path(), e);
      if (e instanceof Error error) {
        throw error;
      }
    }
    return true;
  }

  private Reply answer(JettyExchange exchange, boolean room) throws IOException {
    try {
      boolean trusted = token.isEmpty() || token.get().isShownBy(exchange.header("Authorization"));
      Optional<Reply> health = health(exchange.path(), trusted);
      if (health.isPresent()) {
        return health.get();
      }
      if (!room) {
        throw new RequestException(
            429, "more than " + limits.requests() + " requests at a time: try again in a moment");
      }
      if (!trusted) {
        throw new RequestException(401, "send the header Authorization: Bearer TOKEN");
      }
      return route(exchange);
    } catch (RequestException e) {
      return refusal(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return refusal(new RequestException(503, "the server is ending"));
    } catch (RuntimeException e) {
      HttpException http = HttpException.asHttpException(e);
      if (http != null && http.getCode() < 500) {
        return Reply.error(http.getCode(), "the request is wrong: " + http.getReason());
      }
      LOG.error("{} {} failed", exchange.method(), exchange.path(), e);
      return Reply.error(500, "the model failed: " + e.getMessage());
    }
  }

  private Reply route(Exchange exchange) throws IOException, InterruptedException {
    if (exchange.path().equals("/metrics")) {
      return metrics.reply();
    }
    for (Protocol protocol : protocols) {
      if (protocol.speaks(exchange.path())) {
        return protocol.answer(exchange);
      }
    }
    throw new RequestException(404, "nothing is at " + exchange.path());
  }

  private String protocolOf(String path) {
    return protocols.stream()
        .filter(protocol -> protocol.speaks(path))
        .map(Protocol::name)
        .findFirst()
        .orElse(NO_PROTOCOL);
  }

  private static Reply refusal(RequestException e) {
    Reply reply =
        Reply.error(e.status(), e.getMessage() == null ? "HTTP " + e.status() : e.getMessage());
    return switch (e.status()) {
      case 401 -> reply.with("WWW-Authenticate", "Bearer");
      case 429, 503 -> reply.with("Retry-After", RETRY_AFTER_SECONDS);
      default -> reply;
    };
  }

  private void send(Reply reply, Response response, Callback callback) {
    response.setStatus(reply.status());
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, reply.contentType());
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, reply.body().length);
    reply.headers().forEach(response.getHeaders()::put);
    if (lastCalls) {
      response.getHeaders().put(HttpHeader.CONNECTION, "close");
    }
    response.write(true, ByteBuffer.wrap(reply.body()), callback);
  }

  // Health

  private Optional<Reply> health(String path, boolean trusted) {
    return switch (path) {
      case "/healthz" -> Optional.of(status("alive"));
      case "/readyz" ->
          Optional.of(
              readiness
                  .reasonAgainst()
                  .map(
                      reason ->
                          refusal(new RequestException(503, trusted ? reason : Protocol.NOT_READY)))
                  .orElseGet(() -> status("ready")));
      default ->
          protocols.stream()
              .map(protocol -> protocol.health(path, trusted))
              .flatMap(Optional::stream)
              .findFirst();
    };
  }

  private static Reply status(String value) {
    return Reply.json(200, JsonText.object(out -> out.writeStringField("status", value)));
  }

  // Room

  private synchronized int inFlight() {
    return inFlight;
  }

  private synchronized boolean enter() {
    inFlight++;
    return inFlight <= limits.requests();
  }

  private synchronized void leave() {
    inFlight--;
    notifyAll();
  }

  /**
   * Closes each connection with its next answer, and waits for those under way.
   *
   * @return how many were not done in time
   */
  synchronized int awaitLast(Duration time) throws InterruptedException {
    lastCalls = true;
    long deadline = System.nanoTime() + time.toNanos();
    while (inFlight > 0) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        return inFlight;
      }
      wait(left);
    }
    return 0;
  }
}
