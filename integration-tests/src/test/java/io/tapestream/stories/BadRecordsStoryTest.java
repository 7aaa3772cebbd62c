package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.DeadLetter;
import io.tapestream.schemas.avro.TrainingExample;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** I6 and I7: what can't be learned from never stops the job and never vanishes. */
class BadRecordsStoryTest {
  private static final int WIDTH = 40;

  /** About as large as a broker lets a record be by default. */
  private static final int LARGEST_RECORD = 1_000_000;

  @RegisterExtension static final Broker BROKER = new Broker();

  @TempDir Path directory;

  private static byte[] encoded(TrainingExample example) {
    return AvroCodec.examples().encode(example);
  }

  @Test
  void bad_records_end_as_dead_letters_byte_for_byte_and_the_job_goes_on_I7() throws Exception {
    Topic topic = BROKER.topic(1);
    topic.writeAvro(0, WIDTH / 2, i -> Topic.oneHot(i, WIDTH));
    byte[] whole = encoded(Topic.oneHot(0, WIDTH));
    float[] nan = new float[WIDTH];
    nan[3] = Float.NaN;
    TrainingExample unlabelled = Topic.oneHot(0, WIDTH);
    unlabelled.setLabel(null);
    List<byte[]> bad =
        List.of(
            Arrays.copyOf(whole, whole.length - 7),
            encoded(Topic.example(1, 0, List.of(DenseFeatures.floats("x", new float[3], 3)))),
            encoded(Topic.example(2, 0, List.of(DenseFeatures.floats("x", nan, WIDTH)))),
            encoded(unlabelled),
            new byte[LARGEST_RECORD]);
    bad.forEach(value -> topic.writeRaw(0, value));
    topic.writeAvro(WIDTH / 2, WIDTH, i -> Topic.oneHot(i, WIDTH));

    Story story = Story.of(topic, directory).counting(WIDTH).with("batchSize", 8);
    assertThat(story.run()).as("every good record counted once").containsOnly(1f);

    Map<Long, DeadLetter> letters = Letters.of(topic, bad.size());
    assertThat(letters).hasSize(bad.size());
    List<String> words = List.of("truncated", "shape", "finite", "label", "");
    for (int i = 0; i < bad.size(); i++) {
      DeadLetter letter = letters.get((long) WIDTH / 2 + i);
      assertThat(letter).as("the dead letter of %s", words.get(i)).isNotNull();
      assertThat(letter.getTopic()).isEqualTo(topic.name());
      assertThat(letter.getPartition()).isZero();
      assertThat(Letters.original(letter)).isEqualTo(bad.get(i));
      assertThat((letter.getReason() + " " + letter.getDetail()).toLowerCase(Locale.ROOT))
          .contains(words.get(i));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "3.4028235e38, , NOT_FINITE_GRADIENT", // finite by itself; the batch's sum is not
    "1e25, , GRADIENT_TOO_LARGE", // Adam would remember its square, which is not
    "1000, 100, GRADIENT_TOO_LARGE"
  })
  void a_batch_whose_gradient_is_no_good_is_skipped_and_its_records_are_dead_letters_I6(
      float value, @Nullable Double bound, String reason) throws Exception {
    Topic topic = BROKER.topic(2);
    float[] poison = new float[WIDTH];
    Arrays.fill(poison, value);
    IntFunction<TrainingExample> stream =
        i ->
            i / 16 == 1 && i % 2 == 0 // the second batch of partition 0
                ? Topic.example(i, 0, List.of(DenseFeatures.floats("x", poison, WIDTH)))
                : Topic.oneHot(i, WIDTH);
    topic.writeAvro(0, WIDTH, stream);
    Story story = Story.of(topic, directory).counting(WIDTH).with("batchSize", 8);
    if (bound != null) {
      story.with("guard.maxGradientNorm", bound);
    }

    float[] weights = story.run();

    for (int i = 0; i < WIDTH; i++) {
      assertThat(weights[i]).as("record %d", i).isEqualTo(i / 16 == 1 && i % 2 == 0 ? 0f : 1f);
    }
    Map<Long, DeadLetter> letters = Letters.of(topic, 8);
    assertThat(letters.keySet()).containsExactly(8L, 9L, 10L, 11L, 12L, 13L, 14L, 15L);
    letters.forEach(
        (offset, letter) -> {
          assertThat(letter.getPartition()).isZero();
          assertThat(letter.getReason()).isEqualTo(reason);
          assertThat(letter.getDetail()).contains(topic.name() + "-0 offsets 8..15 (batch 1)");
          assertThat(Letters.original(letter))
              .isEqualTo(encoded(stream.apply(2 * offset.intValue())));
        });
  }
}
