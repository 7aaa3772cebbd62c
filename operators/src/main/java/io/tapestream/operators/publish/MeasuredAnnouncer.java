package io.tapestream.operators.publish;

import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import io.tapestream.operators.metrics.Measure;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.OptionalLong;
import org.apache.flink.metrics.MetricGroup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows the newest version and its age as metrics, and passes the announcement on. */
final class MeasuredAnnouncer implements Announcer {
  private static final Logger LOG = LoggerFactory.getLogger(MeasuredAnnouncer.class);

  private final Announcer announcer;
  private final Clock clock;
  private volatile @Nullable Manifest newest;

  /**
   * @param versions among which the newest one is looked for at the start
   */
  MeasuredAnnouncer(MetricGroup group, VersionDirectory versions, Announcer announcer, Clock clock)
      throws IOException {
    this.announcer = announcer;
    this.clock = clock;
    this.newest = newest(versions);
    Measure.VERSION.gauge(group, this::version);
    Measure.VERSION_AGE.gauge(group, this::ageSeconds);
  }

  private static @Nullable Manifest newest(VersionDirectory versions) throws IOException {
    OptionalLong number = versions.newest();
    try {
      return number.isPresent() ? versions.manifest(number.getAsLong()) : null;
    } catch (InvalidVersionException e) {
      LOG.warn("The newest version can't be read: {}", e.getMessage());
      return null;
    }
  }

  private long version() {
    Manifest manifest = newest;
    return manifest == null ? 0 : manifest.version();
  }

  private double ageSeconds() {
    Manifest manifest = newest;
    return manifest == null
        ? Double.NaN
        : Duration.between(manifest.created(), clock.instant()).toMillis() / 1_000.0;
  }

  @Override
  public void announce(Manifest version) throws IOException, InterruptedException {
    Manifest known = newest;
    if (known == null || version.version() > known.version()) {
      newest = version;
    }
    announcer.announce(version);
  }

  @Override
  public void close() {
    announcer.close();
  }
}
