package io.tapestream.serving.server;

import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.protocol.Models;
import java.util.Optional;

/** Whether the server should be sent requests. */
final class Readiness {
  private final Models models;
  private volatile boolean ending;

  Readiness(Models models) {
    this.models = models;
  }

  /** Not ready from now on. */
  void endsSoon() {
    ending = true;
  }

  /** Why the server should be sent no requests, if so. */
  Optional<String> reasonAgainst() {
    if (ending) {
      return Optional.of("the server is ending");
    }
    return models.all().stream()
        .filter(follower -> follower.serving().isEmpty())
        .map(ModelFollower::whyNotServing)
        .findFirst();
  }
}
