package io.tapestream.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.schemas.avro.DeadLetter;
import io.tapestream.schemas.avro.TrainingExample;
import io.tapestream.schemas.avro.VersionAnnouncement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Conversion;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.SchemaValidationException;
import org.apache.avro.SchemaValidationStrategy;
import org.apache.avro.SchemaValidatorBuilder;
import org.apache.avro.specific.SpecificRecordBase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds the schemas to their rules: documented, and readable by and from every released version.
 */
final class SchemaEvolutionTest {
  static Stream<Schema> current() {
    return Stream.of(
        TrainingExample.getClassSchema(),
        VersionAnnouncement.getClassSchema(),
        DeadLetter.getClassSchema());
  }

  @Test
  void everySchemaFileIsHeldToTheseRules() throws Exception {
    try (Stream<Path> files = Files.list(Path.of("src/main/avro"))) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(current().map(s -> s.getName() + ".avsc").toList());
    }
  }

  @ParameterizedTest
  @MethodSource("current")
  void everyRecordAndFieldHasADocAndItsVersionHistory(Schema schema) {
    int newest = AvroCodec.released(schema.getName()).size();
    List<String> missing = new ArrayList<>();

    collectUndocumented(schema, missing);

    assertThat(missing)
        .as("without a doc, or a field's doc without the versions it is in, as in (1+)")
        .isEmpty();
    assertThat(schema.getDoc()).contains("Version history: 1 ").contains(newest + " (Tapestream ");
  }

  @ParameterizedTest
  @MethodSource("current")
  void theNewestReleasedVersionIsTheSchemaThatIsCompiled(Schema schema) {
    List<Schema> released = AvroCodec.released(schema.getName());
    Path newest =
        Path.of(
            "src/main/resources/io/tapestream/schemas/versions/%s-%d.avsc"
                .formatted(schema.getName(), released.size()));

    assertThat(newest)
        .as(
            "a changed schema needs a new file versions/%s-%d.avsc",
            schema.getName(), released.size() + 1)
        .hasSameTextualContentAs(Path.of("src/main/avro/" + schema.getName() + ".avsc"));
    assertThat(released.stream().map(SchemaNormalization::parsingFingerprint64))
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("current")
  void everyReleasedVersionReadsAndIsReadByTheCurrentOne(Schema schema) throws Exception {
    mutuallyReadable(schema, AvroCodec.released(schema.getName()));
  }

  @ParameterizedTest
  @MethodSource("current")
  void aFieldAddedWithADefaultKeepsBothDirectionsAndOneWithoutDoesNot(Schema schema)
      throws Exception {
    Schema good = with(schema, SchemaBuilder.builder().stringType(), "");
    mutuallyReadable(good, List.of(schema));

    Schema bad = with(schema, SchemaBuilder.builder().stringType(), null);
    assertThatThrownBy(() -> mutuallyReadable(bad, List.of(schema)))
        .isInstanceOf(SchemaValidationException.class);
  }

  @Test
  void aReaderTakesARecordOfANewerVersionThatItKnows() throws Exception {
    Schema newer = with(TrainingExample.getClassSchema(), SchemaBuilder.builder().stringType(), "");
    var writer = new AvroCodec<NewerExample>(newer, List.of());
    var reader = new AvroCodec<TrainingExample>(TrainingExample.getClassSchema(), List.of(newer));

    byte[] bytes = writer.encode(new NewerExample(newer, AvroCodecTest.example(), "added"));

    assertThat(reader.decode(bytes)).isEqualTo(AvroCodecTest.example());
    assertThatThrownBy(() -> AvroCodec.examples().decode(bytes))
        .isInstanceOf(UnknownSchemaException.class);
  }

  @Test
  void aReaderTakesARecordOfAnOlderVersionAndFillsInTheDefaults() throws Exception {
    Schema current = TrainingExample.getClassSchema();
    Schema older =
        Schema.createRecord(
            current.getName(),
            current.getDoc(),
            current.getNamespace(),
            false,
            current.getFields().stream()
                .filter(f -> !f.name().equals("weight") && !f.name().equals("categorical"))
                .map(f -> new Schema.Field(f, f.schema()))
                .toList());
    var writer = new AvroCodec<NewerExample>(older, List.of());
    var reader = new AvroCodec<TrainingExample>(current, List.of(older));

    TrainingExample read =
        reader.decode(writer.encode(new NewerExample(older, AvroCodecTest.example(), "")));

    assertThat(read.getDense()).isEqualTo(AvroCodecTest.example().getDense());
    assertThat(read.getCategorical()).isEmpty();
    assertThat(read.getWeight()).isEqualTo(1f);
  }

  private static void mutuallyReadable(Schema schema, List<Schema> others) throws Exception {
    SchemaValidationStrategy strategy =
        (toValidate, existing) ->
            new SchemaValidatorBuilder()
                .mutualReadStrategy()
                .validateAll()
                .validate(toValidate, List.of(existing));
    for (Schema other : others) {
      strategy.validate(schema, other);
    }
  }

  private static Schema with(Schema schema, Schema type, Object defaultValue) {
    List<Schema.Field> fields = new ArrayList<>();
    schema.getFields().forEach(f -> fields.add(new Schema.Field(f, f.schema())));
    fields.add(new Schema.Field("added", type, "A field of a later version. (2+)", defaultValue));
    return Schema.createRecord(
        schema.getName(), schema.getDoc(), schema.getNamespace(), false, fields);
  }

  private static void collectUndocumented(Schema schema, List<String> missing) {
    switch (schema.getType()) {
      case RECORD -> {
        if (schema.getDoc() == null) {
          missing.add(schema.getName());
        }
        for (Schema.Field field : schema.getFields()) {
          if (field.doc() == null || !field.doc().matches("(?s).+\\(\\d+(\\+|-\\d+)\\)")) {
            missing.add(schema.getName() + "." + field.name());
          }
          collectUndocumented(field.schema(), missing);
        }
      }
      case ENUM -> {
        if (schema.getDoc() == null) {
          missing.add(schema.getName());
        }
      }
      case ARRAY -> collectUndocumented(schema.getElementType(), missing);
      case UNION -> schema.getTypes().forEach(t -> collectUndocumented(t, missing));
      default -> {}
    }
  }

  /**
   * A training example under another version's schema: fields by name, the rest from the added one.
   */
  static final class NewerExample extends SpecificRecordBase {
    private static final long serialVersionUID = 1L;
    private final transient Schema schema;
    private final transient TrainingExample example;
    private final String added;

    NewerExample(Schema schema, TrainingExample example, String added) {
      this.schema = schema;
      this.example = example;
      this.added = added;
    }

    @Override
    public Schema getSchema() {
      return schema;
    }

    @Override
    public Object get(int field) {
      String name = schema.getFields().get(field).name();
      return name.equals("added") ? added : example.get(example.getSchema().getField(name).pos());
    }

    @Override
    public void put(int field, Object value) {
      throw new UnsupportedOperationException("written only");
    }

    @Override
    public Conversion<?> getConversion(int field) {
      String name = schema.getFields().get(field).name();
      return name.equals("added")
          ? null
          : example.getConversion(example.getSchema().getField(name).pos());
    }
  }
}
