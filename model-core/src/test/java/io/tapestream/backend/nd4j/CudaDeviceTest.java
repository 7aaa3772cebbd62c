package io.tapestream.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaDeviceTest {
  @TempDir Path devices;

  @Test
  void aCardIsAFileThatItsDriverMakes() throws IOException {
    Files.createFile(devices.resolve("nvidiactl"));
    assertThat(CudaDevice.missingIn(devices))
        .hasValueSatisfying(
            why ->
                assertThat(why)
                    .contains("no NVIDIA card", "no nvidia0 in " + devices, "without -Pcuda"));
    Files.createFile(devices.resolve("nvidia0"));
    assertThat(CudaDevice.missingIn(devices)).isEmpty();
  }

  @Test
  void whereDevicesCannotBeSeenTheReasonIsTold() {
    assertThat(CudaDevice.missingIn(devices.resolve("none")))
        .hasValueSatisfying(why -> assertThat(why).contains("can't be read", "NoSuchFile"));
  }

  @Test
  void noCardIsMissedWhereNoneIsAskedFor() {
    assumeFalse(CudaDevice.isAskedFor());
    assertThat(CudaDevice.missing()).isEmpty();
  }
}
