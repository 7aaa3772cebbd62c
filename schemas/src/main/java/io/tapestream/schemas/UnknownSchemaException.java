package io.tapestream.schemas;

/** A record was written with a schema whose fingerprint is none of the versions known here. */
public final class UnknownSchemaException extends UnreadableRecordException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param record the record type's name
   * @param fingerprint the CRC-64-AVRO fingerprint found in the record's header
   * @param versions how many versions of the schema are known here
   */
  public UnknownSchemaException(String record, long fingerprint, int versions) {
    super(
        "the schema fingerprint 0x%016x is none of the %d known version(s) of %s: upgrade the reader before the writer, or write with a released schema"
            .formatted(fingerprint, versions, record));
  }
}
