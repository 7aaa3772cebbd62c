package io.tapestream.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordedProcessTest {
  @TempDir private Path directory;

  @Test
  void aRunningProcessIsFoundByWhatWasWritten() throws IOException {
    RecordedProcess.of("this", ProcessHandle.current()).write(directory);
    RecordedProcess read = RecordedProcess.read(directory.resolve("this")).orElseThrow();
    assertThat(read.find()).contains(ProcessHandle.current());
  }

  @Test
  void anotherProcessWithTheSameNumberIsNotIt() {
    RecordedProcess current = RecordedProcess.of("this", ProcessHandle.current());
    RecordedProcess before =
        new RecordedProcess("this", current.pid(), current.started().minusSeconds(60));
    assertThat(before.isRunning()).isFalse();
  }

  @Test
  void aProcessThatWasKilledIsNotRunning() throws Exception {
    Process process = new ProcessBuilder("sleep", "60").start();
    RecordedProcess recorded = RecordedProcess.of("sleeper", process.toHandle());
    assertThat(recorded.isRunning()).isTrue();
    process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    assertThat(recorded.isRunning()).isFalse();
  }

  @Test
  void aFileThatHoldsSomethingElseIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("job-manager"), "not a process");
    assertThatThrownBy(() -> RecordedProcess.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString());
  }
}
