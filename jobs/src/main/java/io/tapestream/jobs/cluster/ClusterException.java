package io.tapestream.jobs.cluster;

import java.io.Serial;

/** A cluster does not start, is not there, or is not one that Tapestream's jobs can run on. */
public final class ClusterException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  ClusterException(String message) {
    super(message);
  }

  ClusterException(String message, Throwable cause) {
    super(message, cause);
  }
}
