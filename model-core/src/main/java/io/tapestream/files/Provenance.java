package io.tapestream.files;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What made a version, beside the records that its manifest names.
 *
 * <pre>
 * {"specification": "9f86d081…", "software": "tapestream 0.1.0", "parent": {"model": "lenet", "version": 6, "run": "5b0c…"}}
 * </pre>
 *
 * @param specification SHA-256 of the job's settings that count, defaults included, in lower-case
 *     hexadecimal digits; null where no job file was
 * @param software what wrote the version, null in versions of format 1
 * @param parent the version that the same run published before; for its first one that from which
 *     training started; null if there is none
 */
public record Provenance(
    @Nullable String specification, @Nullable String software, Lineage.@Nullable Start parent) {

  /** Of a version that says nothing of it. */
  public static final Provenance UNKNOWN = new Provenance(null, null, null);

  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  /** Checks the digest. */
  public Provenance {
    if (specification != null && !HASH.matcher(specification).matches()) {
      throw new IllegalArgumentException(
          "\"specification\" is \"" + specification + "\", not 64 lower-case hexadecimal digits");
    }
  }

  /** Of a draft, which has no parent yet. */
  public Provenance(@Nullable String specification, @Nullable String software) {
    this(specification, software, null);
  }

  /** The same with another parent. */
  public Provenance after(Lineage.@Nullable Start version) {
    return new Provenance(specification, software, version);
  }
}
