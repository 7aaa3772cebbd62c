package io.tapestream.operators;

import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.consistency.Consistency;
import java.io.Serializable;
import java.util.Objects;

/**
 * How the parameter server turns contributions into weights.
 *
 * @param consistency how far virtual workers may run apart
 * @param layout how the model's parameter vector is cut into blocks; computed at submission from
 *     the model and fixed for a job's life
 */
public record ServerSettings(Consistency consistency, BlockLayout layout) implements Serializable {

  public ServerSettings {
    Objects.requireNonNull(consistency, "consistency");
    Objects.requireNonNull(layout, "layout");
  }
}
