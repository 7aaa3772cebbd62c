package io.tapestream.serving.server;

import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.openinference.OpenInference;
import io.tapestream.serving.protocol.Models;
import io.tapestream.serving.protocol.Protocol;
import io.tapestream.serving.tensorflow.TensorFlowServing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.server.AbstractConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers over HTTP for models that are followed, in {@linkplain TensorFlowServing TensorFlow
 * Serving's form} and by the {@linkplain OpenInference Open Inference Protocol}, and:
 *
 * <pre>
 * GET  /healthz    200 while the process lives
 * GET  /readyz     200 when every model has a version that answers, else 503
 * GET  /metrics    for Prometheus
 * </pre>
 *
 * <pre>{@code
 * try (ModelFollower follower = ModelFollower.start(directory, "lenet", FollowSettings.defaults());
 *     ModelServer server = ModelServer.start(List.of(follower), HttpSettings.loopback(8501))) { … }
 * }</pre>
 *
 * <p>The header {@value #VERSION_HEADER} of every reply names the version that answered. An error
 * is {@code {"error": "…"}} with status 400 (the request is wrong), 401 (no token), 404 (no such
 * model or version), 405 (the method), 408 (too slow), 413 (too large), 415 (a body that is
 * encoded), 422 (an answer that the form can't tell), 429 (too many requests at a time), 431 (a
 * large header) or 503 (no version yet, the turn did not come, or the server is ending). After 429
 * and 503 another attempt may succeed.
 */
public final class ModelServer implements AutoCloseable {
  /** Name of the response header with the number of the version that answered. */
  public static final String VERSION_HEADER = "Tapestream-Model-Version";

  private static final Logger LOG = LoggerFactory.getLogger(ModelServer.class);
  private static final Duration TLS_LOOKS = Duration.ofSeconds(5);
  private static final int SPARE_THREADS = 32;

  /**
   * A connection's buffers are its own, never taken from a pool. Jetty can release one twice: when
   * a request's head is wrong, one thread answers it while the one that has parsed it still holds
   * the buffer. A pool would then hand that buffer to two connections, and one client's bytes would
   * be read as another's.
   */
  private static final ByteBufferPool OWN_BUFFERS = ByteBufferPool.NON_POOLING;

  private final HttpSettings settings;
  private final Readiness readiness;
  private final Front front;
  private final Server server;
  private final ServerConnector connector;
  private final @Nullable TlsReload tls;

  /**
   * Starts to listen.
   *
   * @param followers the models to answer for; they stay the caller's to close, after the server
   * @param settings where to listen
   * @throws IllegalArgumentException if two followers follow models of the same name
   * @throws UncheckedIOException if the address can't be listened at, or the files of TLS can't be
   *     used
   */
  public static ModelServer start(Collection<ModelFollower> followers, HttpSettings settings) {
    return start(followers, settings, TLS_LOOKS);
  }

  /** As {@link #start(Collection, HttpSettings)}, looking at the files of TLS this often. */
  static ModelServer start(
      Collection<ModelFollower> followers, HttpSettings settings, Duration tlsLooks) {
    ModelServer server;
    try {
      Models models = new Models(followers, settings.limits().rows());
      server = new ModelServer(models, settings, tlsLooks);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.listen();
    LOG.info(
        "Serving {} at {}", followers.stream().map(ModelFollower::model).toList(), server.url());
    return server;
  }

  private ModelServer(Models models, HttpSettings settings, Duration tlsLooks) throws IOException {
    this.settings = settings;
    Limits limits = settings.limits();
    this.readiness = new Readiness(models);
    List<Protocol> protocols =
        List.of(new TensorFlowServing(models), new OpenInference(models, readiness::reasonAgainst));
    this.front = new Front(models, readiness, protocols, limits, settings.token());
    QueuedThreadPool threads = new QueuedThreadPool(limits.requests() + SPARE_THREADS);
    threads.setName("http");
    threads.setDaemon(true);
    this.server = new Server(threads);
    server.setHandler(front);
    server.setErrorHandler(new ErrorReplies());
    this.tls = settings.tls().isPresent() ? new TlsReload(settings.tls().get(), tlsLooks) : null;
    HttpConnectionFactory http = new HttpConnectionFactory(configuration(limits, tls != null));
    http.setInputBufferSize(JettyExchange.BUFFER);
    this.connector =
        new ServerConnector(
            server,
            null,
            null,
            OWN_BUFFERS,
            -1,
            -1,
            AbstractConnectionFactory.getFactories(tls == null ? null : tls.factory(), http));
    connector.setHost(settings.host());
    connector.setPort(settings.port());
    connector.setIdleTimeout(limits.idle().toMillis());
    server.addConnector(connector);
  }

  private static HttpConfiguration configuration(Limits limits, boolean secure) {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setUseInputDirectByteBuffers(false); // they come and go with the requests
    http.setUseOutputDirectByteBuffers(false);
    http.setRequestHeaderSize(limits.headerBytes());
    if (secure) {
      // Whom the client means is the platform's to check; models have no hosts of their own.
      http.addCustomizer(new SecureRequestCustomizer(false));
    }
    return http;
  }

  private void listen() {
    try {
      server.start();
    } catch (Exception e) {
      closeTls();
      try {
        server.stop();
      } catch (Exception also) {
        e.addSuppressed(also);
      }
      if (e instanceof IOException io) {
        throw new UncheckedIOException(
            "can't listen at " + settings.host() + ":" + settings.port() + ": " + e.getMessage(),
            io);
      }
      throw new IllegalStateException("the server did not start", e);
    }
  }

  /** The port that is listened to, chosen by the system where the settings said 0. */
  public int port() {
    return connector.getLocalPort();
  }

  /** Such as {@code http://127.0.0.1:8501}. */
  public String url() {
    String host = settings.host();
    String name = host.contains(":") ? "[" + host + "]" : host;
    return (tls == null ? "http://" : "https://") + name + ":" + port();
  }

  /**
   * Says that it isn't ready, for the notice that the settings give; then takes no connection any
   * more, waits for the requests under way as long as the settings allow, and ends.
   */
  @Override
  public void close() {
    readiness.endsSoon();
    try {
      HttpSettings.Farewell farewell = settings.farewell();
      var unused = new CountDownLatch(1).await(farewell.notice().toNanos(), TimeUnit.NANOSECONDS);
      var unusedFuture = connector.shutdown(); // stops accepting at once
      int unfinished = front.awaitLast(farewell.patience());
      if (unfinished > 0) {
        LOG.warn("{} requests were not done after {}", unfinished, farewell.patience());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // then it ends at once
    }
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the server did not stop", e);
    } finally {
      closeTls();
    }
  }

  private void closeTls() {
    if (tls != null) {
      tls.close();
    }
  }
}
