package io.tapestream.operators;

import java.io.Serializable;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;

/**
 * How to reach a Kafka cluster.
 *
 * @param bootstrapServers {@code host:port}, separated by commas
 * @param properties further client properties, such as security; they win over Tapestream's own
 *     choices except where exactly once depends on them
 */
public record KafkaSettings(String bootstrapServers, Map<String, String> properties)
    implements Serializable {

  public KafkaSettings {
    Objects.requireNonNull(bootstrapServers, "bootstrapServers");
    properties = Map.copyOf(properties);
  }

  /** The same as client properties, a fresh copy. */
  public Properties toProperties() {
    Properties all = new Properties();
    all.putAll(properties);
    all.setProperty("bootstrap.servers", bootstrapServers);
    return all;
  }
}
