package io.tapestream.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A process that was started, to be found again by another program. The number of a process that
 * has ended is given to another one some day; with its start time the two can be told apart.
 *
 * @param name of its part in the cluster, such as {@code task-manager-1}
 * @param pid its number
 * @param started when the operating system says that it began; {@link Instant#EPOCH} if it does not
 *     say
 */
public record RecordedProcess(String name, long pid, Instant started) {
  /** Start times are told relative to the machine's, which is known to a second. */
  private static final Duration CLOCK = Duration.ofSeconds(2);

  static RecordedProcess of(String name, ProcessHandle process) {
    return new RecordedProcess(
        name, process.pid(), process.info().startInstant().orElse(Instant.EPOCH));
  }

  /** The running process; empty if it has ended, also if another has its number now. */
  public Optional<ProcessHandle> find() {
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).filter(this::isTheSame);
  }

  /** Whether it still runs. */
  public boolean isRunning() {
    return find().isPresent();
  }

  private boolean isTheSame(ProcessHandle candidate) {
    if (hasEndedUnnoticed(candidate)) {
      return false;
    }
    Instant start = candidate.info().startInstant().orElse(Instant.EPOCH);
    return Duration.between(started, start).abs().compareTo(CLOCK) <= 0;
  }

  /** Linux keeps the number of a process that has ended until its parent has asked how. */
  private static boolean hasEndedUnnoticed(ProcessHandle process) {
    Path stat = Path.of("/proc", String.valueOf(process.pid()), "stat");
    try {
      String fields = Files.readString(stat);
      return fields.charAt(fields.lastIndexOf(')') + 2) == 'Z';
    } catch (IOException goneOrNotLinux) {
      return false;
    }
  }

  /** {@code PID START_MILLIS}, in a file of the process's name. */
  void write(Path directory) throws IOException {
    Path partial = Files.createTempFile(directory, ".", "");
    Files.writeString(partial, pid + " " + started.toEpochMilli());
    Files.move(partial, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }

  static Optional<RecordedProcess> read(Path file) throws IOException {
    String name = file.getFileName().toString();
    if (name.startsWith(".")) {
      return Optional.empty();
    }
    try {
      String[] fields = Files.readString(file).trim().split(" ", 2);
      return Optional.of(
          new RecordedProcess(
              name, Long.parseLong(fields[0]), Instant.ofEpochMilli(Long.parseLong(fields[1]))));
    } catch (NoSuchFileException reapedMeanwhile) {
      return Optional.empty();
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      throw new IOException(file + " does not hold a process id and a start time; remove it", e);
    }
  }
}
