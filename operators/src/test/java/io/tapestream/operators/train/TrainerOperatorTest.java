package io.tapestream.operators.train;

import static io.tapestream.operators.train.CountingJob.LAYOUT;
import static io.tapestream.operators.train.CountingJob.batch;
import static io.tapestream.operators.train.CountingJob.fill;
import static io.tapestream.operators.train.CountingJob.oneHot;
import static io.tapestream.operators.train.CountingJob.settings;
import static io.tapestream.operators.train.CountingJob.truncated;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.tapestream.clipping.Clipping;
import io.tapestream.operators.GradientSettings;
import io.tapestream.operators.deadletters.DeadLetterRecord;
import io.tapestream.operators.deadletters.DeadLetters;
import io.tapestream.operators.server.ServerTypes;
import io.tapestream.operators.source.LostRecords;
import io.tapestream.operators.source.SkippedRound;
import io.tapestream.operators.source.Turn;
import io.tapestream.operators.weights.WeightExchange;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.RoundClipping;
import io.tapestream.parameterserver.RoundSum;
import io.tapestream.parameterserver.compression.None;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.Mail;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // the harness closes as Flink lets it
class TrainerOperatorTest {

  @Test
  void meetsItsReplicaAndSendsMessagesAndDeadLetters() throws Exception {
    WeightExchange.Key key;
    WeightReplica replica;
    try (var harness =
        new OneInputStreamOperatorTestHarness<Turn, Message>(
            new TrainerOperator(settings("SumLoss")))) {
      harness.setup(ServerTypes.MESSAGE.createSerializer(new SerializerConfigImpl()));
      harness.open();
      key = WeightExchange.Key.of(harness.getOneInputOperator().getMetricGroup().getAllVariables());
      replica = meet(key);
      fill(replica, 0, 0);

      harness.processElement(
          new StreamRecord<>(batch(0, true, oneHot(5, 0), truncated(6), oneHot(7, 2))));

      assertThat(harness.extractOutputValues())
          .hasSize(2 * LAYOUT.count())
          .endsWith(new Message.Leave(2, 0, 1));
      assertThat(harness.getSideOutput(DeadLetters.OUTPUT))
          .extracting(StreamRecord::getValue)
          .extracting(DeadLetterRecord::key)
          .containsExactly("counts-3-6-0");
    }
    WeightExchange.leave(key, replica);
    WeightReplica other = meet(key);
    assertThat(other).as("the trainer has left").isNotSameAs(replica);
    WeightExchange.leave(key, other);
  }

  @Test
  void r10AtItsStartItAsksEveryBlockForWeightsInAMail() throws Exception {
    try (var harness =
        new OneInputStreamOperatorTestHarness<Turn, Message>(
            new TrainerOperator(settings("SumLoss")), 4, 4, 3)) {
      harness.setup(ServerTypes.MESSAGE.createSerializer(new SerializerConfigImpl()));
      harness.open();
      WeightExchange.Key key =
          WeightExchange.Key.of(harness.getOneInputOperator().getMetricGroup().getAllVariables());
      WeightReplica replica =
          WeightExchange.meet(key, 4, () -> fail("the trainer has brought the replica"));
      for (Mail mail : harness.getTaskMailbox().drain()) {
        mail.run();
      }

      assertThat(harness.extractOutputValues())
          .containsExactly(
              new Message.Hello(0, 3, replica.id()),
              new Message.Hello(1, 3, replica.id()),
              new Message.Hello(2, 3, replica.id()));
      WeightExchange.leave(key, replica);
    }
  }

  @Test
  void r15ItAnswersTheNormsOfAllBlocksWithOneScaleInAMail() throws Exception {
    GradientSettings clipping =
        new GradientSettings(1e18, 9, Clipping.NONE, new None(), new RoundClipping(1));
    WeightExchange.Key key;
    WeightReplica replica;
    try (var harness =
        new OneInputStreamOperatorTestHarness<Turn, Message>(
            new TrainerOperator(settings("SumLoss", clipping)))) {
      harness.setup(ServerTypes.MESSAGE.createSerializer(new SerializerConfigImpl()));
      harness.open();
      key = WeightExchange.Key.of(harness.getOneInputOperator().getMetricGroup().getAllVariables());
      replica = meet(key);
      harness.getTaskMailbox().drain(); // its hello
      replica.receive(new RoundSum(0, 7, 9));
      replica.receive(new RoundSum(2, 7, 4));
      assertThat(harness.getTaskMailbox().hasMail()).isFalse();
      replica.receive(new RoundSum(1, 7, 12));
      for (Mail mail : harness.getTaskMailbox().drain()) {
        mail.run();
      }

      assertThat(harness.extractOutputValues())
          .containsExactly(
              new Message.Scale(0, 7, 0.2),
              new Message.Scale(1, 7, 0.2),
              new Message.Scale(2, 7, 0.2));
    }
    for (int block = 0; block < 3; block++) {
      replica.receive(new RoundSum(block, 8, 1)); // nobody is left to answer
    }
    WeightExchange.leave(key, replica);
  }

  @Test
  void r5ASkippedRoundIsToldToAllBlocks() throws Exception {
    try (var harness =
        new OneInputStreamOperatorTestHarness<Turn, Message>(
            new TrainerOperator(settings("SumLoss")))) {
      harness.setup(ServerTypes.MESSAGE.createSerializer(new SerializerConfigImpl()));
      harness.open();

      harness.processElement(
          new StreamRecord<>(new SkippedRound(0, new TopicPartition("counts", 3), 4, 9)));

      assertThat(harness.extractOutputValues())
          .containsExactly(
              new Message.Skip(0, 0, 4, 9),
              new Message.Skip(1, 0, 4, 9),
              new Message.Skip(2, 0, 4, 9));
    }
  }

  @Test
  void r6RecordsThatAreLostAreToldToTheBlockThatWritesThemDown() throws Exception {
    try (var harness =
        new OneInputStreamOperatorTestHarness<Turn, Message>(
            new TrainerOperator(settings("SumLoss")))) {
      harness.setup(ServerTypes.MESSAGE.createSerializer(new SerializerConfigImpl()));
      harness.open();

      harness.processElement(
          new StreamRecord<>(new LostRecords(0, new TopicPartition("counts", 3), 4, 9, 100, 120)));

      assertThat(harness.extractOutputValues())
          .containsExactly(new Message.Lost(0, 0, 4, 100, 120));
    }
  }

  @Test
  void r4ADrainMakesNobodyLeave() throws Exception {
    try (var harness =
        new OneInputStreamOperatorTestHarness<Turn, Message>(
            new TrainerOperator(settings("SumLoss")))) {
      harness.setup(ServerTypes.MESSAGE.createSerializer(new SerializerConfigImpl()));
      harness.open();
      WeightExchange.Key key =
          WeightExchange.Key.of(harness.getOneInputOperator().getMetricGroup().getAllVariables());
      WeightReplica replica = meet(key);
      fill(replica, 0, 0);
      WeightExchange.leave(key, replica);
      harness.processElement(new StreamRecord<>(batch(0, false, oneHot(5, 0))));
      harness.endInput();
      harness.getOperator().finish();

      assertThat(harness.extractOutputValues())
          .hasSize(LAYOUT.count())
          .allMatch(Message.Contribution.class::isInstance);
    }
  }

  private static WeightReplica meet(WeightExchange.Key key) {
    var server = settings("SumLoss").server();
    return WeightExchange.meet(
        key, 1, () -> new WeightReplica(server.layout(), server.consistency()));
  }
}
