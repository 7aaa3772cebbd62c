package io.tapestream.jobs.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.TrainingExample;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CsvExamplesTest {
  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(77), ZoneOffset.UTC);

  private static List<TrainingExample> read(String text, CsvColumns columns) throws IOException {
    List<TrainingExample> all = new ArrayList<>();
    try (var examples = new CsvExamples(new StringReader(text), "data.csv", columns, CLOCK)) {
      for (var example = examples.next(); example != null; example = examples.next()) {
        all.add(example);
      }
    }
    return all;
  }

  @Test
  void everyColumnButTheLabelIsAScalarFeature() throws Exception {
    List<TrainingExample> examples =
        read("age,income,bought\n41,1e3,1\n-2.5, 7 ,0\n", CsvColumns.labelled("bought"));

    assertThat(examples).hasSize(2);
    assertThat(examples.get(1))
        .isEqualTo(
            new TrainingExample(
                "1",
                Instant.ofEpochMilli(77),
                List.of(DenseFeatures.scalar("age", -2.5f), DenseFeatures.scalar("income", 7f)),
                List.of(),
                List.of(0.0),
                1f));
  }

  @Test
  void columnsMeanWhatTheyAreSaidTo() throws Exception {
    CsvColumns columns =
        new CsvColumns(
            List.of("y1", "y2"),
            List.of("b", "a"),
            "x",
            List.of("tags"),
            "key",
            "at",
            "w",
            List.of("note"));

    List<TrainingExample> examples =
        read(
            "key,at,a,b,tags,y1,y2,w,note\r\nk1,2026-11-23T07:00:00.5Z,1,2,7|-8,0.5,-1,3,\"a \"\"b\"\",\nc\"\r\nk2,99,3,4,,1,2,0,\r\n",
            columns);

    assertThat(examples.get(0).getId()).isEqualTo("k1");
    assertThat(examples.get(0).getEventTime()).isEqualTo(Instant.parse("2026-11-23T07:00:00.500Z"));
    assertThat(examples.get(0).getDense())
        .containsExactly(DenseFeatures.floats("x", new float[] {2, 1}, 2));
    assertThat(examples.get(0).getCategorical().get(0).getIds()).containsExactly(7L, -8L);
    assertThat(examples.get(0).getLabel()).containsExactly(0.5, -1.0);
    assertThat(examples.get(0).getWeight()).isEqualTo(3f);
    assertThat(examples.get(1).getEventTime()).isEqualTo(Instant.ofEpochMilli(99));
    assertThat(examples.get(1).getCategorical().get(0).getIds()).isEmpty();
  }

  @Test
  void mistakesNameTheLineTheColumnAndTheFix() {
    CsvColumns label = CsvColumns.labelled("y");

    assertThatThrownBy(() -> read("a,y\n1,2\n\nx,2\n", label))
        .hasMessageContaining("data.csv line 4, column 'a': \"x\" is no number");
    assertThatThrownBy(() -> read("a,y\n\"1\n\",2,3\n", label))
        .hasMessageContaining("line 2 has 3 cells where the first line names 2 columns");
    assertThatThrownBy(() -> read("a,b\n1,2\n", label))
        .hasMessageContaining("no column 'y'")
        .hasMessageContaining("a, b");
    assertThatThrownBy(() -> read("a,a,y\n", label)).hasMessageContaining("two columns");
    assertThatThrownBy(() -> read("", label)).hasMessageContaining("is empty");
    assertThatThrownBy(() -> read("y\n1\n", label)).hasMessageContaining("no column left");
    assertThatThrownBy(() -> read("a,y\n1,\"2\n\n", label))
        .hasMessageContaining("line 2: a quoted cell is not closed");
    assertThatThrownBy(() -> read("a,y\n\"1\"2,3\n", label)).hasMessageContaining("'2' follows");
    assertThatThrownBy(
            () ->
                read(
                    "a,y,t\n1,2,yesterday\n",
                    new CsvColumns(
                        List.of("y"), List.of(), null, List.of(), null, "t", null, List.of())))
        .hasMessageContaining("column 't'")
        .hasMessageContaining("2026-11-23T07:00:00Z");
    assertThatThrownBy(
            () ->
                read(
                    "a,y,c\n1,2,3|x\n",
                    new CsvColumns(
                        List.of("y"), List.of(), null, List.of("c"), null, null, null, List.of())))
        .hasMessageContaining("\"x\" is no integer id");
  }

  @Test
  void aFilePackedWithGzipIsReadAlike(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("data.csv.gz");
    try (var out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("\uFEFFa,y\n1,2".getBytes(StandardCharsets.UTF_8));
    }

    try (CsvExamples examples = CsvExamples.open(file, CsvColumns.labelled("y"))) {
      assertThat(examples.next().getLabel()).containsExactly(2.0);
      assertThat(examples.next()).isNull();
    }
  }
}
