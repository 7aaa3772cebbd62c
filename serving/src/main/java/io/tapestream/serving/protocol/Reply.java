package io.tapestream.serving.protocol;

import java.util.Map;
import java.util.TreeMap;

/**
 * What is sent back.
 *
 * @param status the HTTP status
 * @param contentType the body's
 * @param body may be empty
 * @param headers further headers by name
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, compared by nobody
public record Reply(int status, String contentType, byte[] body, Map<String, String> headers) {

  /** The content type of JSON. */
  public static final String JSON = "application/json";

  /** Keeps an immutable copy of the headers. */
  public Reply {
    headers = Map.copyOf(headers);
  }

  /** A body of JSON. */
  public static Reply json(int status, byte[] body) {
    return new Reply(status, JSON, body, Map.of());
  }

  /** {@code {"error": MESSAGE}}, the form of an error in every protocol that is spoken here. */
  public static Reply error(int status, String message) {
    return json(status, JsonText.object(out -> out.writeStringField("error", message)));
  }

  /** The same with one more header. */
  public Reply with(String header, String value) {
    Map<String, String> more = new TreeMap<>(headers);
    more.put(header, value);
    return new Reply(status, contentType, body, more);
  }
}
