package io.tapestream.parameterserver.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.Formats;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Scale;
import io.tapestream.parameterserver.NonFiniteException;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.ProtocolException;
import io.tapestream.parameterserver.consistency.Consistency;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What must never have an effect: messages that come again, overtake, run ahead of the bound, or
 * carry what is not finite. Each is shown to a block, which must refuse it and stay as it is.
 */
final class Tampering {

  private final Random random;
  private final Map<Integer, List<Message.Turn>> delivered = new HashMap<>(); // by block

  private ParameterServer server;
  private Consistency consistency;

  /** How many messages were tried. */
  int tried;

  Tampering(ParameterServer server, Consistency consistency, Random random) {
    this.server = server;
    this.consistency = consistency;
    this.random = random;
  }

  /** Flink fences its channels by attempt, so no message of an attempt reaches another. */
  void newAttempt(ParameterServer server, Consistency consistency) {
    this.server = server;
    this.consistency = consistency;
    delivered.clear();
  }

  /** Tries a message that is about to be delivered, with numbers in it that are not finite. */
  void before(Block block, Message.Turn message) {
    if (random.nextInt(20) == 0
        && message instanceof Contribution contribution
        && contribution.header().weight() > 0) {
      float[] poison = ((Dense) contribution.gradient()).values().clone();
      poison[random.nextInt(poison.length)] = Float.NaN;
      Block victim = block.copy();
      tried++;
      try {
        server.accept(
            victim,
            new Contribution(
                contribution.block(),
                contribution.virtualWorker(),
                contribution.batch(),
                contribution.nextOffset(),
                new Dense(poison),
                contribution.header()));
      } catch (NonFiniteException refused) {
        tried++;
      }
      assertFinite(victim);
    }
  }

  private static void assertFinite(Block block) {
    float largest = 0;
    for (float value : block.values()) {
      largest = Math.max(largest, Math.abs(value)); // NaN, once there, stays
    }
    assertThat(Float.isFinite(largest)).as("I6: the values are finite").isTrue();
  }

  /** Tries what must be refused after a message was delivered. */
  void after(Block block, Message.Turn message, long round) {
    List<Message.Turn> earlier = delivered.computeIfAbsent(message.block(), b -> new ArrayList<>());
    earlier.add(message);
    if (random.nextInt(10) == 0) {
      refuse(block, message, "I1: a message that comes twice");
      refuse(block, earlier.get(random.nextInt(earlier.size())), "I1: a message that comes again");
    }
    if (message instanceof Contribution sent && random.nextInt(10) == 0) {
      refuse(block, later(sent, 2), "R1: a batch that overtakes another");
      if (!consistency.mayStart(round + 1, block.round())) {
        refuse(block, later(sent, 1), "I3: a batch that runs ahead of the bound");
      }
    }
    assertFinite(block);
  }

  /** Tries what must have no effect after a round was scaled. */
  void afterScale(Block block, Scale scale) {
    byte[] before = Formats.bytes(block);
    tried++;
    server.accept(block, scale);
    assertThat(Arrays.equals(Formats.bytes(block), before))
        .as("R15: a scale that comes twice changes nothing")
        .isTrue();
    Scale early = new Scale(scale.block(), block.round() + 1, scale.factor());
    assertThatThrownBy(() -> server.accept(block, early))
        .as("R15: a scale of a round that has not begun is refused")
        .isInstanceOf(ProtocolException.class);
    assertFinite(block);
  }

  private static Contribution later(Contribution sent, long batches) {
    return new Contribution(
        sent.block(),
        sent.virtualWorker(),
        sent.batch() + batches,
        sent.nextOffset() + batches,
        sent.gradient(),
        sent.header());
  }

  private void refuse(Block block, Message.Turn message, String what) {
    tried++;
    byte[] before = Formats.bytes(block);
    assertThatThrownBy(() -> server.accept(block, message))
        .as("%s is refused", what)
        .isInstanceOf(ProtocolException.class);
    assertThat(Arrays.equals(Formats.bytes(block), before)).as("%s changes nothing", what).isTrue();
  }
}
