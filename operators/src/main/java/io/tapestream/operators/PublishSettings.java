package io.tapestream.operators;

import io.tapestream.files.Lineage;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where model versions go.
 *
 * @param directory versions are published under {@code directory/NAME/}, a path each task manager
 *     reaches
 * @param runId minted at every submission, restores included; with the checkpoint id it identifies
 *     a version
 * @param everyRounds a checkpoint publishes when a multiple of this many rounds has been passed
 *     since the last published one; 1 publishes at each checkpoint that learned something
 * @param classes names of the classes a classifier tells apart, for the version's signature; empty
 *     where there are none
 * @param announcementTopic announced on this topic of the source's cluster after the commit; null
 *     announces nothing
 * @param lineage what came before this training, for the manifests
 * @param onnx whether a version also has its model as an ONNX file
 * @param contents what is in a version beside what it has learned
 */
public record PublishSettings(
    String directory,
    String runId,
    long everyRounds,
    List<String> classes,
    @Nullable String announcementTopic,
    Lineage lineage,
    boolean onnx,
    VersionSettings contents)
    implements Serializable {

  public PublishSettings {
    Objects.requireNonNull(directory, "directory");
    Objects.requireNonNull(runId, "runId");
    Objects.requireNonNull(lineage, "lineage");
    Objects.requireNonNull(contents, "contents");
    classes = List.copyOf(classes);
    if (everyRounds < 1) {
      throw new IllegalArgumentException("everyRounds is " + everyRounds + ": give at least 1");
    }
  }

  /** Of training from initial weights. */
  public PublishSettings(
      String directory,
      String runId,
      long everyRounds,
      List<String> classes,
      @Nullable String announcementTopic) {
    this(
        directory,
        runId,
        everyRounds,
        classes,
        announcementTopic,
        Lineage.NONE,
        false,
        VersionSettings.DEFAULT);
  }

  /** The same for another submission. */
  PublishSettings resumed(String newRun, Lineage newLineage) {
    return new PublishSettings(
        directory, newRun, everyRounds, classes, announcementTopic, newLineage, onnx, contents);
  }
}
