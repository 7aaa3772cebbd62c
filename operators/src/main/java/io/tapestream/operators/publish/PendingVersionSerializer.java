package io.tapestream.operators.publish;

import io.tapestream.files.Manifest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * What stands in checkpoints until it is committed:
 *
 * <pre>
 * directory: UTF | draft: JSON in UTF-8, to the end
 * </pre>
 */
final class PendingVersionSerializer implements SimpleVersionedSerializer<PendingVersion> {
  private static final int VERSION = 1;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(PendingVersion pending) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(pending.directory());
      out.write(pending.draft().toJson().getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  @Override
  public PendingVersion deserialize(int version, byte[] serialized) throws IOException {
    if (version != VERSION) {
      throw new IOException(
          "a pending version in layout "
              + version
              + " can't be read, only layout "
              + VERSION
              + ": restore with the release that wrote the checkpoint");
    }
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized))) {
      String directory = in.readUTF();
      return new PendingVersion(
          directory, Manifest.read(in.readAllBytes(), "the draft of " + directory));
    }
  }
}
