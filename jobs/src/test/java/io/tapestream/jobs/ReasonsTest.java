package io.tapestream.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.client.program.ProgramInvocationException;
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
    Throwable remote =
        new ProgramInvocationException(
            "Job failed", new JobID(1, 2), new CompletionException(new RuntimeException(reason)));
    assertThat(Reasons.of(remote)).containsExactly("seven is refused");
  }

  @Test
  void anErrorWithoutAMessageIsNamedAndAMissingFileToo() {
    assertThat(Reasons.of(new ArithmeticException())).containsExactly("ArithmeticException");
    assertThat(Reasons.of(new NoSuchFileException("a.csv")))
        .containsExactly("there is no file a.csv");
  }

  @Test
  void aClassThatAClusterLacksIsToldWithTheFix() {
    Throwable missing =
        new NoClassDefFoundError("io/tapestream/files/RecordedSchedule")
            .initCause(new ClassNotFoundException("io.tapestream.files.RecordedSchedule"));
    assertThat(Reasons.of(missing))
        .singleElement()
        .asString()
        .contains("the cluster's class path lacks io.tapestream.files.RecordedSchedule: put")
        .contains("lib folder on the job manager and on each task manager");
    assertThat(Reasons.of(new ClassNotFoundException("com.example.MyModel")))
        .containsExactly("a class is missing: com.example.MyModel");
    String failedBefore = "Could not initialize class org.nd4j.linalg.factory.Nd4j";
    assertThat(Reasons.of(new NoClassDefFoundError(failedBefore))).containsExactly(failedBefore);
  }
}
