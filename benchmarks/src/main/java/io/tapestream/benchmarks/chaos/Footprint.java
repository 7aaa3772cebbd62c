package io.tapestream.benchmarks.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a Java process holds after a garbage collection; on Linux, where a JDK runs this.
 *
 * @param resident memory, in bytes
 * @param metaspace used by its classes, in bytes
 * @param heap used, in bytes
 * @param threads of it, those of native libraries and of the virtual machine's own pools too
 * @param jobThreads names of those that a job has started: its tasks, their helpers, Kafka's
 *     clients
 */
public record Footprint(
    long resident, long metaspace, long heap, int threads, List<String> jobThreads) {
  private static final Pattern METASPACE = Pattern.compile("Metaspace\\s+used (\\d+)K");
  private static final Pattern HEAP = Pattern.compile("(?:total|size) \\d+K, used (\\d+)K");
  private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");
  private static final Pattern JOB_THREAD =
      Pattern.compile(
          "(?m)^\"((?:kafka-|Source Data Fetcher|tapestream-|training-step-)[^\"]*"
              + "|[^\"]*\\(\\d+/\\d+\\)#\\d+)\"");
  private static final long KIB = 1 << 10;

  /** The classes of one job take 10 MiB. */
  private static final long MOST_METASPACE = 8 * KIB * KIB;

  /** After a collection some 33 MiB are live; the weights and buffers of one job take more. */
  private static final long MOST_HEAP = 8 * KIB * KIB;

  /** Of a hundred jobs that each leave a mebibyte outside the heap, it would grow by more. */
  private static final long MOST_RESIDENT = 64 * KIB * KIB;

  /** Pools of the virtual machine and of Flink come and go by a few; one job has more. */
  private static final int MOST_THREADS = 12;

  /** Collects the process's garbage and measures. */
  static Footprint of(long pid) throws IOException, InterruptedException {
    // Twice: what finalizers and cleaners let go of is collected the second time.
    jcmd(pid, "GC.run");
    jcmd(pid, "GC.run");
    String heap = jcmd(pid, "GC.heap_info");
    Path process = Path.of("/proc", String.valueOf(pid));
    try (Stream<Path> threads = Files.list(process.resolve("task"))) {
      return new Footprint(
          KIB * sum(RESIDENT, Files.readString(process.resolve("status"))),
          KIB * sum(METASPACE, heap),
          KIB * sum(HEAP, heap),
          (int) threads.count(),
          jobThreads(pid));
    }
  }

  /**
   * What has grown between an earlier cycle and this one, beyond what the process itself may take:
   * less than a single job holds, so that one which stays behind is seen, whatever the cycles.
   */
  public Optional<String> grownSince(Footprint earlier) {
    List<String> grown = new ArrayList<>();
    grown(grown, "metaspace", earlier.metaspace, metaspace, MOST_METASPACE);
    grown(grown, "heap", earlier.heap, heap, MOST_HEAP);
    grown(grown, "resident memory", earlier.resident, resident, MOST_RESIDENT);
    if (threads - earlier.threads > MOST_THREADS) {
      grown.add("%d threads became %d".formatted(earlier.threads, threads));
    }
    if (!jobThreads.isEmpty()) {
      grown.add("threads of a job are left: " + jobThreads);
    }
    return grown.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", grown));
  }

  private static void grown(List<String> grown, String what, long before, long now, long most) {
    if (now - before > most) {
      grown.add(
          "%s grew from %.1f to %.1f MiB, by more than %d"
              .formatted(what, mib(before), mib(now), most / KIB / KIB));
    }
  }

  private static double mib(long bytes) {
    return bytes / (double) (KIB * KIB);
  }

  /** Names of the threads that jobs have started in a process and that are alive. */
  static List<String> jobThreads(long pid) throws IOException, InterruptedException {
    return JOB_THREAD.matcher(jcmd(pid, "Thread.print")).results().map(r -> r.group(1)).toList();
  }

  private static long sum(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    long sum = 0;
    while (matcher.find()) {
      sum += Long.parseLong(matcher.group(1));
    }
    return sum;
  }

  private static String jcmd(long pid, String command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                String.valueOf(pid),
                command)
            .redirectErrorStream(true)
            .start();
    String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("jcmd " + pid + " " + command + ": " + answer);
    }
    return answer;
  }

  @Override
  public String toString() {
    return "%d MiB resident, %.1f MiB metaspace, %.1f MiB heap, %d threads, of jobs %s"
        .formatted(resident / KIB / KIB, mib(metaspace), mib(heap), threads, jobThreads);
  }
}
