package io.tapestream.jobs.cli;

import io.tapestream.jobs.cluster.ClusterShape;
import java.net.URI;

/** What {@code --target} means. */
final class Target {
  static final String EXAMPLE = "http://127.0.0.1:" + ClusterShape.DEFAULT_PORT;

  private Target() {}

  /** {@code host:port} is as good as {@code http://host:port}. */
  static URI of(String text) {
    return URI.create(text.contains("://") ? text : "http://" + text);
  }
}
