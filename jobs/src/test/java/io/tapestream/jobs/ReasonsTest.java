package io.tapestream.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;
import org.apache.flink.runtime.JobException;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.junit.jupiter.api.Test;

class ReasonsTest {
  @Test
  void eachReasonIsToldOnceTheOutermostFirst() {
    Throwable error =
        new IllegalStateException(
            "the source can't start: no topic a",
            new IOException("no topic a", new RuntimeException("the broker says no")));
    assertThat(Reasons.of(error))
        .containsExactly("the source can't start: no topic a", "the broker says no");
  }

  @Test
  void whatOnlyWrapsAReasonIsLeftOut() {
    Throwable reason = new IllegalArgumentException("seven is refused");
    Throwable wrapped =
        new ExecutionException(
            new JobException("recovery is suppressed", new SuppressRestartsException(reason)));
    assertThat(Reasons.of(wrapped)).containsExactly("seven is refused");
    assertThat(Reasons.unwrapped(wrapped)).isSameAs(reason);
  }

  @Test
  void anErrorWithoutAMessageIsNamedAndAMissingFileToo() {
    assertThat(Reasons.of(new ArithmeticException())).containsExactly("ArithmeticException");
    assertThat(Reasons.of(new NoSuchFileException("a.csv")))
        .containsExactly("there is no file a.csv");
  }

  @Test
  void aClassThatAClusterLacksIsToldWithTheFix() {
    assertThat(Reasons.of(new NoClassDefFoundError("io/tapestream/backend/Backends")))
        .singleElement()
        .asString()
        .contains("the cluster's class path lacks io/tapestream/backend/Backends", "lib folder");
    assertThat(Reasons.of(new ClassNotFoundException("com.example.MyModel")))
        .containsExactly("a class is missing: com.example.MyModel");
  }
}
