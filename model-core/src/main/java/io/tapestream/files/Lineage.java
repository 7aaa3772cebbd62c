package io.tapestream.files;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What came before the training that made a version: the version whose weights it started from, and
 * the records that were passed over on the way.
 *
 * <pre>
 * {"start": {"model": "lenet", "version": 5, "run": "5b0c…"},
 *  "abandoned": [{"topic": "images", "partition": 0, "from": 6144, "to": 6400}]}
 * </pre>
 *
 * @param start null for initial weights
 * @param abandoned ranges of records whose learning was given up together with the weights that
 *     held it, the oldest first; neither these weights nor any later ones have learned from them
 */
public record Lineage(@Nullable Start start, List<Abandoned> abandoned) implements Serializable {

  /** Of training that started from initial weights. */
  public static final Lineage NONE = new Lineage(null, List.of());

  /**
   * The version whose weights training started from.
   *
   * @param model its name
   * @param version its number
   * @param run the submission that trained it
   */
  public record Start(String model, long version, String run) implements Serializable {}

  /**
   * Records of a partition that were passed over.
   *
   * @param from offset of the first
   * @param to offset after the last
   */
  public record Abandoned(String topic, int partition, long from, long to) implements Serializable {

    /** For example {@code images-0 offsets 6144..6399}. */
    @Override
    public String toString() {
      return "%s-%d offsets %d..%d".formatted(topic, partition, from, to - 1);
    }
  }

  /** Keeps a copy. */
  public Lineage {
    abandoned = List.copyOf(Objects.requireNonNull(abandoned, "the lineage lacks \"abandoned\""));
  }

  /** The lineage of what starts from a version. */
  public static Lineage after(Manifest version) {
    return new Lineage(version.reference(), version.lineage().abandoned());
  }

  /** The same with further records passed over. */
  public Lineage andAbandoned(List<Abandoned> further) {
    List<Abandoned> all = new ArrayList<>(abandoned);
    all.addAll(further);
    return new Lineage(start, all);
  }
}
