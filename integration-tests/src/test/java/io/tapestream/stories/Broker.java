package io.tapestream.stories;

import io.tapestream.jobs.embedded.EmbeddedKafka;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A broker for all stories of a class, started before the class's own {@code @BeforeAll}:
 *
 * <pre>{@code
 * @RegisterExtension static final Broker BROKER = new Broker();
 * }</pre>
 */
final class Broker implements BeforeAllCallback, AfterAllCallback {
  private @Nullable EmbeddedKafka kafka;

  @Override
  public void beforeAll(ExtensionContext context) {
    kafka = EmbeddedKafka.start();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (kafka != null) {
      kafka.close();
    }
  }

  EmbeddedKafka kafka() {
    if (kafka == null) {
      throw new IllegalStateException("register the broker in a static field: it has not started");
    }
    return kafka;
  }

  /** A new, empty topic. */
  Topic topic(int partitions) {
    return Topic.create(kafka(), partitions);
  }
}
