package io.tapestream.operators.publish;

import io.tapestream.files.Manifest;

/**
 * A version that waits for its checkpoint to be complete: what the committer is handed.
 *
 * @param directory where its files lie, relative to the model's directory
 * @param draft its manifest, without a number yet; run and checkpoint are its identity (R17)
 */
record PendingVersion(String directory, Manifest draft) {}
