package io.tapestream.benchmarks.peers;

import io.tapestream.benchmarks.Contestant;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Training steps on PyTorch, in a Python process that waits between its turns. */
public final class TorchStep implements Contestant, AutoCloseable {
  private static final List<String> PYTHONS = List.of("/usr/bin/python3", "python3");

  private final Process process;
  private final Path script;
  private final BufferedReader answers;
  private final PrintStream questions;

  private TorchStep(Process process, Path script) {
    this.process = process;
    this.script = script;
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    this.questions = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
  }

  /** A Python that has PyTorch, if this machine has one. */
  public static Optional<String> python() {
    return PYTHONS.stream().filter(TorchStep::hasTorch).findFirst();
  }

  private static boolean hasTorch(String python) {
    try {
      Process asked =
          new ProcessBuilder(python, "-c", "import torch")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return asked.waitFor(60, TimeUnit.SECONDS) && asked.exitValue() == 0;
    } catch (IOException noSuchProgram) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Starts a process and waits until its model stands.
   *
   * @param python from {@link #python()}
   * @param model, optimizer as step.py names them
   */
  public static TorchStep start(
      String python, String model, String optimizer, int batch, int threads) throws IOException {
    Path script = Files.createTempFile("step", ".py");
    try (InputStream source = TorchStep.class.getResourceAsStream("step.py")) {
      if (source == null) {
        throw new IOException("step.py is not on the class path");
      }
      Files.write(script, source.readAllBytes());
    }
    ProcessBuilder builder =
        new ProcessBuilder(
            python,
            script.toString(),
            model,
            optimizer,
            Integer.toString(batch),
            Integer.toString(threads));
    builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    TorchStep step = new TorchStep(builder.start(), script);
    String ready = step.answers.readLine();
    if (!"ready".equals(ready)) {
      step.close();
      throw new IOException("step.py says " + ready + " instead of ready");
    }
    return step;
  }

  @Override
  public double perSecond(Duration atLeast) throws IOException {
    questions.println(atLeast.toNanos() / 1e9);
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException("step.py has ended");
    }
    String[] parts = answer.split(" ", 2);
    return Double.parseDouble(parts[0]) / Double.parseDouble(parts[1]);
  }

  @Override
  public void close() {
    questions.close(); // ends it
    try {
      if (!process.waitFor(15, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      Files.deleteIfExists(script);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
