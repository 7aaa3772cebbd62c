package io.tapestream.files;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code manifest.json}: what a published version is, where it comes from, and the SHA-256 of each
 * of its files (I4). It is written last, so a version without it does not exist.
 *
 * <pre>
 * {"format": 2, "model": "lenet", "version": 7,
 *  "run": "5b0c…", "job": "a3f1…", "checkpoint": 12, "created": "2026-11-23T08:15:30Z",
 *  "round": 96, "records": 24576, "metrics": {"accuracy": 0.81, "loss": 0.53},
 *  "topics": {"images": {"0": 6144, "1": 6150}}, "lineage": {"start": null, "abandoned": []},
 *  "signature": {"features": ["image"], "inputShape": [28, 28, 1], "dtype": "float32", "classes": [],
 *                "inputs": [{"name": "image", "dtype": "float32", "shape": [-1, 28, 28, 1]}],
 *                "outputs": [{"name": "output", "dtype": "float32", "shape": [-1, 10]}]},
 *  "loss": {"type": "SparseCategoricalCrossEntropy", "settings": {…}},
 *  "processor": "linux-x86_64 …",
 *  "provenance": {"specification": "9f86…", "software": "tapestream 0.1.0", "parent": {"model": "lenet", "version": 6, "run": "5b0c…"}},
 *  "files": [{"name": "model.json", "size": 512, "sha256": "…"}, {"name": "weights.safetensors", …}],
 *  "digest": "e3b0…"}
 * </pre>
 *
 * <p>The digest is that of the manifest's own bytes ({@link Seal} says how), so that damage to it
 * is noticed too. Format 1 had none, no provenance, and no inputs and outputs in its signature.
 *
 * @param format layout of this file; this code writes {@link #FORMAT}, and reads 1 too
 * @param model name of the model
 * @param version number of the version, growing by model over restarts; {@link #UNNUMBERED} in a
 *     draft
 * @param run identity of the submission that trained it
 * @param job Flink's id of that job
 * @param checkpoint the checkpoint whose restore gives exactly these weights (I5); the last version
 *     of a job that ended names the first checkpoint after its end
 * @param created when the version was committed
 * @param round rounds applied
 * @param records raw records those rounds were cut from
 * @param metrics the metrics of the last applied round by name, {@code loss} among them; a value
 *     that is not finite is left out
 * @param topics by topic and partition, the offset of the first record the weights have not learned
 *     from
 * @param lineage the version it started from and the records it passed over
 * @param signature what the model takes
 * @param loss the loss it was trained with, as {type, settings}
 * @param processor platform and processor whose bits these are
 * @param provenance what made it, beside the records
 * @param files every other file of the version
 */
public record Manifest(
    int format,
    String model,
    long version,
    String run,
    String job,
    long checkpoint,
    Instant created,
    long round,
    long records,
    Map<String, Double> metrics,
    Map<String, Map<Integer, Long>> topics,
    Lineage lineage,
    Signature signature,
    JsonNode loss,
    String processor,
    Provenance provenance,
    List<FileEntry> files) {

  /** The layout this code writes. */
  public static final int FORMAT = 2;

  /** {@link #version} of a draft: what is to be published and has no number yet. */
  public static final long UNNUMBERED = 0;

  /** Name of the manifest in a version's directory. */
  public static final String FILE = "manifest.json";

  /** Name of the file with the model's named tensors. */
  public static final String WEIGHTS = "weights.safetensors";

  /** Name of the file with the model's architecture. */
  public static final String MODEL = "model.json";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(
              new SimpleModule()
                  .addSerializer(Instant.class, ToStringSerializer.instance)
                  .addDeserializer(Instant.class, new InstantReader()))
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /**
   * Checks that everything is there and keeps immutable copies, maps sorted by key so that equal
   * manifests are equal bytes.
   */
  public Manifest {
    if (format < 1 || format > FORMAT) {
      throw new IllegalArgumentException(
          "\"format\" is "
              + format
              + ", this release reads 1 to "
              + FORMAT
              + ": update what reads the version");
    }
    require(model, "model");
    require(run, "run");
    require(job, "job");
    require(created, "created");
    require(lineage, "lineage");
    require(signature, "signature");
    require(loss, "loss");
    require(processor, "processor");
    provenance = provenance == null ? Provenance.UNKNOWN : provenance;
    if (version < UNNUMBERED) {
      throw new IllegalArgumentException("\"version\" is " + version + ", versions start at 1");
    }
    metrics = Collections.unmodifiableMap(new TreeMap<>(require(metrics, "metrics")));
    TreeMap<String, Map<Integer, Long>> sorted = new TreeMap<>();
    require(topics, "topics")
        .forEach(
            (topic, offsets) ->
                sorted.put(topic, Collections.unmodifiableMap(new TreeMap<>(offsets))));
    topics = Collections.unmodifiableMap(sorted);
    files = List.copyOf(require(files, "files"));
    if (files.isEmpty()) {
      throw new IllegalArgumentException("\"files\" is empty: a version has at least its weights");
    }
  }

  /** A manifest that says nothing of what made the version. */
  public Manifest(
      int format,
      String model,
      long version,
      String run,
      String job,
      long checkpoint,
      Instant created,
      long round,
      long records,
      Map<String, Double> metrics,
      Map<String, Map<Integer, Long>> topics,
      Lineage lineage,
      Signature signature,
      JsonNode loss,
      String processor,
      List<FileEntry> files) {
    this(
        format,
        model,
        version,
        run,
        job,
        checkpoint,
        created,
        round,
        records,
        metrics,
        topics,
        lineage,
        signature,
        loss,
        processor,
        Provenance.UNKNOWN,
        files);
  }

  /** Whether both were cut by the same checkpoint of the same submission (R17). */
  public boolean hasIdentity(String run, long checkpoint) {
    return this.run.equals(run) && this.checkpoint == checkpoint;
  }

  /**
   * This draft as the version of the given number, committed at the given time, in the layout that
   * this code writes.
   *
   * @param earlier versions of the model, in any order; the newest of the same run is its parent,
   *     or else the version that training started from
   */
  public Manifest numbered(long version, Instant created, Collection<Manifest> earlier) {
    Lineage.Start parent =
        earlier.stream()
            .filter(other -> other.run.equals(run))
            .max(Comparator.comparingLong(Manifest::version))
            .map(Manifest::reference)
            .orElse(lineage.start());
    return new Manifest(
        FORMAT,
        model,
        version,
        run,
        job,
        checkpoint,
        created,
        round,
        records,
        metrics,
        topics,
        lineage,
        signature,
        loss,
        processor,
        provenance.after(parent),
        files);
  }

  /** How a later manifest names this version. */
  public Lineage.Start reference() {
    return new Lineage.Start(model, version, run);
  }

  /** The manifest as JSON, its own digest at the end. */
  public String toJson() {
    try {
      return Seal.on(JSON.writeValueAsString(this));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a manifest always has a JSON form", e);
    }
  }

  /**
   * Reads the manifest of the version in {@code directory}.
   *
   * @throws InvalidVersionException if there is none, it isn't JSON of this format, or something is
   *     missing in it
   */
  public static Manifest read(Path directory) throws IOException {
    return read(bytes(directory), directory.resolve(FILE).toString());
  }

  /** The bytes of the manifest of the version in {@code directory}. */
  static byte[] bytes(Path directory) throws IOException {
    try {
      return Files.readAllBytes(directory.resolve(FILE));
    } catch (NoSuchFileException e) {
      throw new InvalidVersionException(
          directory + " has no " + FILE + ": the version is not complete", e);
    }
  }

  /**
   * Reads a manifest, or a draft, from JSON.
   *
   * @param where where the bytes are from, for the error
   * @throws InvalidVersionException if they aren't JSON of this format, or something is missing in
   *     it
   */
  public static Manifest read(byte[] json, String where) throws InvalidVersionException {
    try {
      Manifest manifest = JSON.readValue(json, Manifest.class);
      if (Seal.isOn(json) || manifest.format() > 1) {
        checkSeal(json, where);
      }
      return manifest;
    } catch (JsonProcessingException e) {
      Throwable reason = e.getCause() instanceof IllegalArgumentException ? e.getCause() : e;
      throw new InvalidVersionException(where + " can't be used: " + reason.getMessage(), e);
    } catch (IOException e) {
      throw new InvalidVersionException(where + " can't be read: " + e.getMessage(), e);
    }
  }

  private static void checkSeal(byte[] json, String where) throws InvalidVersionException {
    if (!Seal.holds(json)) {
      throw new InvalidVersionException(
          where + " is damaged: it does not end with the digest of its bytes");
    }
  }

  /**
   * Reads every file of the version in {@code directory} and compares its size and SHA-256 with
   * this manifest.
   *
   * @throws InvalidVersionException naming the first file that is missing or differs, with what was
   *     expected and found
   */
  public void verify(Path directory) throws IOException {
    for (FileEntry file : files) {
      file.verify(directory);
    }
  }

  /**
   * Reads one file of the version in {@code directory}, and gives its bytes if they are those that
   * this manifest tells of.
   *
   * @param name such as {@link #MODEL}
   * @throws InvalidVersionException if it is not listed, is missing, or differs
   */
  public byte[] read(Path directory, String name) throws IOException {
    for (FileEntry file : files) {
      if (file.name().equals(name)) {
        return file.read(directory);
      }
    }
    throw new InvalidVersionException(directory.resolve(FILE) + " does not list " + name);
  }

  private static <T> T require(@Nullable T value, String key) {
    if (value == null) {
      throw new IllegalArgumentException("\"" + key + "\" is missing");
    }
    return value;
  }

  /** An instant in ISO-8601. */
  private static final class InstantReader extends StdScalarDeserializer<Instant> {
    private static final long serialVersionUID = 1L;

    InstantReader() {
      super(Instant.class);
    }

    @Override
    public Instant deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      return Instant.parse(parser.getValueAsString());
    }
  }
}
