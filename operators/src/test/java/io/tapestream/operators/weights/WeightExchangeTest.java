package io.tapestream.operators.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.Map;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.executiongraph.ExecutionGraphID;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.scheduler.strategy.ExecutionVertexID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WeightExchangeTest {

  private static final WeightExchange.Key FIRST = new WeightExchange.Key("job", "graph", 0);
  private static final WeightExchange.Key SECOND = new WeightExchange.Key("job", "graph", 1);

  @AfterEach
  void nothingIsLeftBehind() {
    assertThat(WeightExchange.open()).isZero();
  }

  @Test
  void bothEndsMeetWhoeverComesFirst() {
    WeightReplica returned = WeightExchange.meet(FIRST, 2, WeightExchangeTest::replica);
    returned.receive(new Weights(0, 0, new long[1], new long[1], new float[3]));
    WeightReplica trained = WeightExchange.meet(FIRST, 2, WeightExchangeTest::replica);

    assertThat(trained).isSameAs(returned);
    assertThat(trained.mayStart(0)).as("weights from before the trainer opened").isTrue();
    WeightExchange.leave(FIRST, trained);
    WeightExchange.leave(FIRST, returned);
  }

  @Test
  void i8TheWeightsOfAnAbandonedAttemptDoNotReachTheNextOne() {
    WeightReplica zombie = WeightExchange.meet(FIRST, 2, WeightExchangeTest::replica);
    WeightReplica next = WeightExchange.meet(SECOND, 2, WeightExchangeTest::replica);
    zombie.receive(new Weights(0, 0, new long[1], new long[1], new float[3]));

    assertThat(next.mayStart(0)).isFalse();
    WeightExchange.leave(FIRST, zombie);
    WeightExchange.leave(SECOND, next);
  }

  @Test
  void r9AMeetingIsEndedOnlyByItsOwnReplica() {
    WeightReplica mine = WeightExchange.meet(FIRST, 2, WeightExchangeTest::replica);
    WeightExchange.leave(FIRST, replica());
    assertThat(WeightExchange.meet(FIRST, 2, WeightExchangeTest::replica)).isSameAs(mine);
    WeightExchange.leave(FIRST, mine);
    WeightExchange.leave(FIRST, replica());
    assertThat(WeightExchange.open()).isEqualTo(1);
    WeightExchange.leave(FIRST, mine);
  }

  @Test
  void theLastEndToLeaveEndsTheMeetingThoughOneTrainerOfTheProcessHasLongLeft() {
    WeightReplica early = WeightExchange.meet(FIRST, 2, WeightExchangeTest::replica);
    WeightReplica returned = WeightExchange.meet(FIRST, 2, WeightExchangeTest::replica);
    WeightExchange.leave(FIRST, early);
    WeightReplica late = WeightExchange.meet(FIRST, 2, WeightExchangeTest::replica);

    assertThat(late).isSameAs(returned);
    WeightExchange.leave(FIRST, returned);
    WeightExchange.leave(FIRST, late);
    assertThat(WeightExchange.open()).isZero();
  }

  @Test
  void r11EndsOfDifferentParallelismAreRefused() {
    WeightReplica replica = WeightExchange.meet(FIRST, 2, WeightExchangeTest::replica);
    assertThatThrownBy(() -> WeightExchange.meet(FIRST, 3, WeightExchangeTest::replica))
        .hasMessageContaining("parallelism 2 and 3")
        .hasMessageContaining("give both the same parallelism");
    WeightExchange.leave(FIRST, replica);
  }

  @Test
  void r9TheKeyIsReadFromTheTasksAttemptAndIsThatOfAllSubtasks() {
    ExecutionGraphID graph = new ExecutionGraphID();
    ExecutionAttemptID trainer =
        new ExecutionAttemptID(graph, new ExecutionVertexID(new JobVertexID(), 3), 2);
    ExecutionAttemptID weightReturn =
        new ExecutionAttemptID(graph, new ExecutionVertexID(new JobVertexID(), 1), 2);

    WeightExchange.Key key = key(trainer);
    assertThat(key).isEqualTo(new WeightExchange.Key("j", graph.toString(), 2));
    assertThat(key).isEqualTo(key(weightReturn));
    assertThatThrownBy(() -> WeightExchange.Key.of(Map.of("<job_id>", "j")))
        .hasMessageContaining("<task_attempt_id>");
  }

  private static WeightExchange.Key key(ExecutionAttemptID attempt) {
    return WeightExchange.Key.of(Map.of("<job_id>", "j", "<task_attempt_id>", attempt.toString()));
  }

  private static WeightReplica replica() {
    return new WeightReplica(BlockLayout.ofElements(3, 3, 3), new Synchronous());
  }
}
