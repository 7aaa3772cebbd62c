package io.tapestream.serving.tensorflow;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tapestream.files.Manifest;
import io.tapestream.serving.follow.FollowStatus;
import io.tapestream.serving.follow.Rejection;
import io.tapestream.serving.protocol.JsonText;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * {@code {"model_version_status": […]}}: the versions that answer, the one that is being read, and
 * those that can't be served, with the reason; the newest first.
 */
final class StatusReply {
  private final NavigableMap<Long, State> states = new TreeMap<>(Collections.reverseOrder());

  /** TensorFlow Serving's state of a version, and a status by gRPC's names. */
  private record State(String name, String code, String message) {}

  /** Everything that is known of a model's versions. */
  StatusReply(FollowStatus status) {
    for (Rejection rejection : status.rejections()) {
      states.put(rejection.version(), new State("END", "DATA_LOSS", rejection.reason()));
    }
    status.loading().ifPresent(version -> states.put(version, new State("LOADING", "OK", "")));
    for (Manifest loaded : status.loaded()) {
      states.put(loaded.version(), new State("AVAILABLE", "OK", ""));
    }
  }

  /** Whether anything is known of a version. */
  boolean knows(long version) {
    return states.containsKey(version);
  }

  byte[] all() {
    return of(states);
  }

  /** One that is known. */
  byte[] only(long version) {
    return of(states.subMap(version, true, version, true));
  }

  private static byte[] of(Map<Long, State> states) {
    return JsonText.object(
        out -> {
          out.writeArrayFieldStart("model_version_status");
          for (Map.Entry<Long, State> state : states.entrySet()) {
            write(out, state.getKey(), state.getValue());
          }
          out.writeEndArray();
        });
  }

  private static void write(JsonGenerator out, long version, State state) throws IOException {
    out.writeStartObject();
    out.writeStringField("version", Long.toString(version));
    out.writeStringField("state", state.name());
    out.writeObjectFieldStart("status");
    out.writeStringField("error_code", state.code());
    out.writeStringField("error_message", state.message());
    out.writeEndObject();
    out.writeEndObject();
  }
}
