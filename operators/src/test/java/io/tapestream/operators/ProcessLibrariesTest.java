package io.tapestream.operators;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.backend.Backends;
import java.net.URL;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.FlinkUserCodeClassLoaders;
import org.junit.jupiter.api.Test;

class ProcessLibrariesTest {
  @Test
  void modelCoreOfTheProcessIsWelcome() {
    assertThatCode(ProcessLibraries::check).doesNotThrowAnyException();
  }

  @Test
  void modelCoreFromTheJobsJarIsRefusedAndTheFixNamed() throws Exception {
    URL modelCore = Backends.class.getProtectionDomain().getCodeSource().getLocation();
    try (var loader =
        FlinkUserCodeClassLoaders.childFirst(
            new URL[] {modelCore},
            getClass().getClassLoader(),
            new String[] {"java."},
            failure -> {},
            false)) {
      Class<?> copy = Class.forName(Backends.class.getName(), false, loader);
      assertThatThrownBy(() -> ProcessLibraries.check(copy))
          .isInstanceOf(SuppressRestartsException.class)
          .cause()
          .hasMessageContaining("lib folder")
          .hasMessageContaining("classloader.parent-first-patterns.additional");
    }
  }
}
