package io.tapestream.benchmarks.chaos;

import io.tapestream.files.Manifest;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.spec.JobSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The last version of a run that has ended, and what it says of the run. */
final class LastVersion {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final VersionDirectory versions;
  private final long number;

  private LastVersion(VersionDirectory versions) throws IOException {
    this.versions = versions;
    this.number = versions.newest().orElseThrow();
  }

  /**
   * What is wrong with it; empty if each record has counted exactly once and, in synchronous mode,
   * the weights are bit for bit those that the same records give while nothing happens.
   *
   * @param undisturbed the job once more, with versions of its own; it runs in this process
   */
  static Optional<String> problem(Scenario scenario, VersionDirectory versions, JobSpec undisturbed)
      throws Exception {
    LastVersion last = new LastVersion(versions);
    Optional<String> miscount = last.miscount(scenario);
    return miscount.isPresent() || !scenario.isSynchronous()
        ? miscount
        : differs(last.weights(), learned(undisturbed));
  }

  private Optional<String> miscount(Scenario scenario) throws IOException {
    Manifest manifest = versions.manifest(number);
    if (manifest.records() != scenario.records()) {
      return Optional.of("the manifest tells of %d records".formatted(manifest.records()));
    }
    long each = scenario.records() / Scenario.PARTITIONS;
    Map<Integer, Long> learned = new TreeMap<>();
    manifest.topics().values().forEach(learned::putAll);
    if (learned.size() != Scenario.PARTITIONS
        || learned.values().stream().anyMatch(offset -> offset != each)) {
      return Optional.of("partitions have %d records, learned are %s".formatted(each, learned));
    }
    return scenario.workload().miscount(weights(), scenario.records());
  }

  private static Optional<String> differs(float[] weights, float[] undisturbed) {
    int differs = Arrays.mismatch(weights, undisturbed);
    return differs < 0
        ? Optional.empty()
        : Optional.of(
            "weight %d is %s, undisturbed %s"
                .formatted(differs, weights[differs], undisturbed[differs]));
  }

  /** The weights that a job ends with which is left in peace. */
  private static float[] learned(JobSpec spec) throws Exception {
    ClassLoader loader = LastVersion.class.getClassLoader();
    try (LocalJob job =
        LocalJob.start(spec, Submission.of(spec, loader), List.of(), 1, null, loader)) {
      if (!job.await(PATIENCE)) {
        throw new IllegalStateException("the undisturbed run has not ended after " + PATIENCE);
      }
      return new LastVersion(job.versions()).weights();
    }
  }

  private float[] weights() throws IOException {
    return SafeTensors.read(versions.path(number).resolve(Manifest.WEIGHTS)).flat();
  }
}
