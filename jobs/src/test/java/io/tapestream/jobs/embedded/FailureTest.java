package io.tapestream.jobs.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class FailureTest {
  @Test
  void theReasonOfAFailureCanBeAskedFor() throws Exception {
    try (EmbeddedFlink flink = EmbeddedFlink.start(1, 1)) {
      Configuration settings = new Configuration();
      settings.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(settings);
      env.setParallelism(1);
      env.fromSequence(1, 10)
          .map((MapFunction<Long, Long>) FailureTest::refuse)
          .returns(Long.class)
          .sinkTo(new DiscardingSink<>());
      JobClient job = flink.submit(env, "failing", List.of());
      assertThatThrownBy(() -> EmbeddedFlink.await(job)).isInstanceOf(ExecutionException.class);
      assertThat(flink.lastFailure(job))
          .hasValueSatisfying(
              failure -> assertThat(failure.reason()).hasStackTraceContaining("seven is refused"));
    }
  }

  private static long refuse(long number) {
    if (number == 7) {
      throw new IllegalArgumentException("seven is refused");
    }
    return number;
  }
}
