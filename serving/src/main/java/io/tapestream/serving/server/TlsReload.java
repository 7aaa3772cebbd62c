package io.tapestream.serving.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a server's TLS up with its files: a new certificate holds for new connections, without a
 * restart. Files that can't be used leave the old one in place.
 */
final class TlsReload implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TlsReload.class);

  private final Tls tls;
  private final SslContextFactory.Server factory = new SslContextFactory.Server();
  private final ScheduledExecutorService watch;
  private String seen; // state of the files that are in use
  private @Nullable String complaint;

  /** Reads the files, and looks at them again as often as this. */
  TlsReload(Tls tls, Duration interval) throws IOException {
    this.tls = tls;
    this.seen = state();
    use(tls.load(), factory);
    this.watch =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "tls-files");
              thread.setDaemon(true);
              return thread;
            });
    var unused =
        watch.scheduleWithFixedDelay(
            this::look, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
  }

  SslContextFactory.Server factory() {
    return factory;
  }

  private void use(KeyStore store, SslContextFactory target) {
    target.setKeyStore(store);
    target.setKeyStorePassword(tls.password());
  }

  private void look() {
    try {
      String now = state();
      if (!now.equals(seen)) {
        KeyStore store = tls.load(); // before anything is changed
        factory.reload(target -> use(store, target));
        seen = now;
        complaint = null;
        LOG.info("New connections use the new certificate in {}", tls.files());
      }
    } catch (Exception e) { // whatever the files hold; the next look tries again
      if (!e.toString().equals(complaint)) {
        LOG.warn("{} can't be used; the old certificate stays", tls.files(), e);
      }
      complaint = e.toString();
    }
  }

  private String state() throws IOException {
    StringBuilder state = new StringBuilder();
    for (Path file : tls.files()) {
      state
          .append(Files.size(file))
          .append(' ')
          .append(Files.getLastModifiedTime(file))
          .append(';');
    }
    return state.toString();
  }

  @Override
  public void close() {
    watch.shutdownNow();
  }
}
