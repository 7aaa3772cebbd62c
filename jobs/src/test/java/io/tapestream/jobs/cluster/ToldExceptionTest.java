package io.tapestream.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.jobs.Reasons;
import org.junit.jupiter.api.Test;

class ToldExceptionTest {
  @Test
  void theReasonsOfAStackTraceAreTold() {
    Throwable told =
        ToldException.of(
            """
            org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
            \tat org.apache.flink.runtime.executiongraph.Failover.handle(Failover.java:1)
            Caused by: java.lang.IllegalStateException: the shard has no heap
              of its own
            \tat io.tapestream.operators.server.ServerMemory.check(ServerMemory.java:9)
            \t... 3 more
            Caused by: java.io.IOException
            \t... 12 more
            """);
    assertThat(Reasons.of(told))
        .containsExactly("the shard has no heap\n  of its own", "IOException");
  }

  @Test
  void aClassThatIsMissingThereIsToldAsSuch() {
    Throwable told =
        ToldException.of(
            """
            java.lang.NoClassDefFoundError: io/tapestream/models/ParameterVector
            \tat java.base/java.lang.Class.getDeclaredFields0(Native Method)
            Caused by: java.lang.ClassNotFoundException: io.tapestream.models.ParameterVector
            \t... 12 more
            """);
    assertThat(Reasons.of(told))
        .singleElement()
        .asString()
        .contains("the cluster's class path lacks io.tapestream.models.ParameterVector");
  }

  @Test
  void whatIsNoStackTraceIsToldAsItIs() {
    assertThat(ToldException.of("The task manager was lost"))
        .hasMessage("The task manager was lost");
    assertThat(ToldException.of("")).hasMessage("");
  }
}
