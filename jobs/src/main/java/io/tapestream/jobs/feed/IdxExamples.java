package io.tapestream.jobs.feed;

import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.TrainingExample;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The items of an IDX file as examples with one dense feature, stored as bytes that stand for 0 …
 * 1; their classes from a second file. Images of two axes get a third, of one channel.
 */
public final class IdxExamples implements ExampleReader {
  private final String feature;
  private final String idPrefix;
  private final IdxFile items;
  private final IdxFile labels;
  private final Clock clock;
  private final int[] shape;
  private int next;

  /**
   * Reads two files.
   *
   * @param images the items
   * @param labels the class of each, one byte
   * @param feature the name to give to the feature
   * @throws IOException if a file is no IDX file, or they don't belong together
   */
  public static IdxExamples open(Path images, Path labels, String feature) throws IOException {
    Path name = images.getFileName();
    return new IdxExamples(
        IdxFile.read(images),
        IdxFile.read(labels),
        feature,
        name == null ? feature : name.toString().replaceFirst("\\.gz$", ""),
        Clock.systemUTC());
  }

  /**
   * Takes files that are read already.
   *
   * @param idPrefix the i-th example's id is this, a hyphen and i
   * @param clock tells the examples' event times
   * @throws IOException if there are not as many labels as items
   */
  public IdxExamples(IdxFile items, IdxFile labels, String feature, String idPrefix, Clock clock)
      throws IOException {
    if (items.count() != labels.count() || labels.itemSize() != 1) {
      throw new IOException(
          "%d items of shape %s do not go with %d labels of shape %s: give the two files of one set, items first"
              .formatted(items.count(), items.itemShape(), labels.count(), labels.itemShape()));
    }
    this.items = items;
    this.labels = labels;
    this.feature = feature;
    this.idPrefix = idPrefix;
    this.clock = clock;
    List<Integer> extents = new ArrayList<>(items.itemShape());
    if (extents.size() == 2) {
      extents.add(1);
    }
    this.shape = extents.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public @Nullable TrainingExample next() {
    if (next == items.count()) {
      return null;
    }
    int item = next++;
    return new TrainingExample(
        idPrefix + "-" + item,
        clock.instant().truncatedTo(ChronoUnit.MILLIS),
        List.of(DenseFeatures.bytes(feature, items.item(item), IdxFile.TO_UNIT, shape)),
        List.of(),
        List.of((double) labels.value(item, 0)),
        1f);
  }
}
