package io.tapestream.schemas;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * Walks the messages of an Arrow IPC stream without copying or decoding their bodies:
 *
 * <pre>
 *   | FF FF FF FF | length of metadata: int32 | metadata: flatbuffer, padded | body, padded |  schema, then batches
 *   | FF FF FF FF | 00 00 00 00 |                                                             end, or just the last byte
 * </pre>
 *
 * Everything the bytes claim is checked against the bytes there are, so that damaged ones end in
 * {@link UnreadableRecordException}.
 */
final class ArrowFrames {
  private static final int CONTINUATION = 0xFFFFFFFF;

  /**
   * One message and its body.
   *
   * @param message the metadata
   * @param body the bytes its buffers lie in, little-endian
   */
  record Frame(Message message, ByteBuffer body) {
    /** The batch in this message, or null if it is of another kind. */
    @Nullable RecordBatch recordBatch() {
      return message.headerType() == MessageHeader.RecordBatch
          ? (RecordBatch) message.header(new RecordBatch())
          : null;
    }
  }

  private final ByteBuffer bytes;

  ArrowFrames(byte[] stream) {
    bytes = ByteBuffer.wrap(stream).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The next message, or null at the end. */
  @Nullable Frame next() throws UnreadableRecordException {
    if (!bytes.hasRemaining()) {
      return null;
    }
    if (bytes.remaining() < 8 || bytes.getInt() != CONTINUATION) {
      throw new UnreadableRecordException(
          "not an Arrow IPC stream: a message must begin with FF FF FF FF and its length");
    }
    int length = bytes.getInt();
    if (length == 0) {
      if (bytes.hasRemaining()) {
        throw new UnreadableRecordException(
            "%d bytes follow the end of the Arrow stream".formatted(bytes.remaining()));
      }
      return null;
    }
    Message message = Message.getRootAsMessage(take(length, "metadata"));
    if (message.version() < MetadataVersion.V4) {
      throw new UnreadableRecordException(
          "the Arrow stream's version is too old: write format version 1.0 or later");
    }
    return new Frame(message, take(message.bodyLength(), "body"));
  }

  /** How many bytes have been walked over. */
  int position() {
    return bytes.position();
  }

  private ByteBuffer take(long length, String part) throws UnreadableRecordException {
    if (length < 0 || length > bytes.remaining()) {
      throw new UnreadableRecordException(
          "the Arrow stream is truncated or damaged: a message's %s claims %d bytes, %d are left"
              .formatted(part, length, bytes.remaining()));
    }
    ByteBuffer taken = bytes.slice(bytes.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(bytes.position() + (int) length);
    return taken;
  }
}
