package io.tapestream.serving.server;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/** Makes requests that are wrong in some way, or were right before a few bytes were changed. */
final class Malformed {
  private static final List<String> BODIES =
      List.of(
          "{\"instances\": [[1, 2], [3.5, -4e2]]}",
          "{\"instances\": [{\"x\": [1, 2]}], \"signature_name\": \"serving_default\"}",
          "{\"inputs\": [[1, 2], [3, 4]]}",
          "{\"inputs\": {\"x\": [[1, 2]]}}",
          "{\"examples\": [{\"x\": [1, 2]}], \"context\": {}}",
          "{\"id\": \"1\", \"inputs\": [{\"name\": \"x\", \"shape\": [1, 2], \"datatype\":"
              + " \"INT64\", \"data\": [1, 2]}], \"outputs\": [{\"name\": \"sum\", \"parameters\":"
              + " {\"binary_data\": true}}]}",
          "{\"inputs\": [{\"name\": \"x\", \"shape\": [1, 2], \"datatype\": \"FP32\","
              + " \"parameters\": {\"binary_data_size\": 8}}]}");
  private static final List<String> PATHS =
      List.of(
          "/v1/models/sum:predict",
          "/v1/models/sum:classify",
          "/v1/models/sum:regress",
          "/v1/models/sum/versions/1:predict",
          "/v1/models/sum/labels/stable:predict",
          "/v2/models/sum/infer",
          "/v2/models/sum/versions/1/infer",
          "/v1/models/sum",
          "/v1/models/sum/metadata",
          "/v2/models/sum",
          "/v2",
          "/metrics",
          "/readyz");
  private static final List<String> ODD =
      List.of(
          "[",
          "]",
          "{",
          "}",
          ",",
          ":",
          "\"",
          "\\",
          "\\u0000",
          "\\ud800",
          "null",
          "true",
          "NaN",
          "-Infinity",
          "1e999",
          "-1e-999",
          "1e2147483648",
          "0x10",
          "01",
          "1.",
          ".5",
          "-",
          "+1",
          "99999999999999999999999999",
          "18446744073709551616",
          "4294967296",
          "-1",
          "\u0000",
          "\u00ff",
          "[[[[[[[[",
          "{\"x\":",
          "\"instances\"",
          "\"inputs\"",
          "\"b64\"",
          "\"shape\"",
          "[0]",
          "[]");
  private static final List<String> HEADERS =
      List.of(
          "Content-Length: -1",
          "Content-Length: 99999999999999999999",
          "Content-Length: 1, 2",
          "Content-Length: 0x10",
          "Content-Length: 5",
          "Content-Length:",
          "Transfer-Encoding: chunked",
          "Transfer-Encoding: gzip, chunked",
          "Transfer-Encoding: identity",
          "Transfer-Encoding: chunked, gzip",
          "Transfer-Encoding: \u000bchunked",
          "Expect: 100-continue",
          "Expect: 200-ok",
          "Upgrade: websocket",
          "Connection: close",
          "Connection: upgrade",
          "Connection: \u0001",
          "Content-Encoding: gzip",
          "Content-Encoding: br",
          "Content-Type: application/x-www-form-urlencoded",
          "Content-Type: ;;=",
          "Content-Type: multipart/form-data",
          "Content-Type: application/json; charset=utf-7",
          "Accept: ;q=x",
          "Accept-Encoding: gzip",
          "Host: [::",
          "Host: a:99999999",
          "Host: a b",
          "Host:",
          "Inference-Header-Content-Length: 3",
          "Inference-Header-Content-Length: -3",
          "Inference-Header-Content-Length: 99999999999",
          "Inference-Header-Content-Length: x",
          "Range: bytes=-1-0",
          "Cookie: a=\"",
          "NoColon",
          ": no name",
          "Sp ace: x",
          " folded: x",
          "\u0000: x",
          "X: \u0000",
          "X: \r",
          "If-None-Match: *",
          "TE: trailers",
          "Max-Forwards: -1",
          "Authorization: Bearer");
  private static final List<String> METHODS =
      List.of(
          "GET",
          "POST",
          "PUT",
          "HEAD",
          "OPTIONS",
          "TRACE",
          "CONNECT",
          "PRI",
          "get",
          "P\u0000ST",
          "",
          "A".repeat(300));
  private static final List<String> TARGETS =
      List.of(
          "",
          "*",
          "//",
          "/%",
          "/%zz",
          "/%00",
          "/%c0%ae",
          "/..",
          "/v1/../v1/models/sum",
          "/v1/models/%2e%2e",
          "/v1/models/sum%3Apredict",
          "/v1/models/sum;a=b:predict",
          "http://",
          "http://a:b/",
          "sum",
          "/?%",
          "/v1/models/sum/versions/99999999999999999999:predict",
          "/v1/models/sum/versions/-1",
          "/v2/models//infer",
          "/v1/models/:predict",
          "/\u0000",
          "/\u00ff",
          "/" + "a".repeat(10_000),
          "/v1/models/sum#x");
  private static final List<String> VERSIONS =
      List.of(
          "HTTP/1.1",
          "HTTP/1.0",
          "HTTP/0.9",
          "HTTP/2.0",
          "HTTP/9.9",
          "HTTP/1.10",
          "HTP/1.1",
          "http/1.1",
          "",
          "HTTP/1.1 x");

  private final SplittableRandom random;

  Malformed(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** The bytes of the next request. */
  byte[] next() {
    return switch (random.nextInt(10)) {
      case 0 -> noise();
      case 1 -> brokenStart();
      case 2 -> brokenHeaders();
      case 3 -> brokenChunks();
      case 4 -> cutShort();
      case 5 -> binaryLies();
      default -> brokenBody();
    };
  }

  private byte[] noise() {
    byte[] bytes = new byte[1 + random.nextInt(200)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) random.nextInt(256);
    }
    return bytes;
  }

  private byte[] brokenStart() {
    String target = random.nextBoolean() ? pick(TARGETS) : pick(PATHS);
    String gap = random.nextInt(8) == 0 ? pick(List.of("  ", "\t", "", "\r", "\n")) : " ";
    return bytes(
        pick(METHODS)
            + gap
            + target
            + gap
            + pick(VERSIONS)
            + "\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  }

  private byte[] brokenHeaders() {
    StringBuilder request = new StringBuilder("POST " + pick(PATHS) + " HTTP/1.1\r\n");
    if (random.nextInt(4) != 0) {
      request.append("Host: a\r\n");
    }
    int more = random.nextInt(20) == 0 ? 1000 : 1 + random.nextInt(4);
    for (int i = 0; i < more; i++) {
      request.append(pick(HEADERS)).append(random.nextInt(10) == 0 ? "\n" : "\r\n");
    }
    if (random.nextInt(10) == 0) {
      request.append("Big: ").append("x".repeat(20_000)).append("\r\n");
    }
    String body = pick(BODIES);
    if (random.nextBoolean()) {
      request.append("Content-Length: ").append(body.length()).append("\r\n");
    }
    return bytes(request.append("\r\n").append(body).toString());
  }

  private byte[] brokenChunks() {
    StringBuilder request =
        new StringBuilder(
            "POST " + pick(PATHS) + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    String body = new String(mutated(pick(BODIES)), StandardCharsets.ISO_8859_1);
    int at = 0;
    while (at < body.length()) {
      int size = Math.min(body.length() - at, 1 + random.nextInt(40));
      String told =
          random.nextInt(6) == 0
              ? pick(
                  List.of(
                      "-1",
                      "ffffffffffffffff",
                      "7fffffff",
                      "g",
                      "",
                      " ",
                      "1;a=b",
                      "0",
                      "1 ",
                      "00000000000000001"))
              : Integer.toHexString(size);
      request
          .append(told)
          .append(
              random.nextInt(8) == 0 ? pick(List.of("\n", "", "\r", " \r\n", ";\r\n")) : "\r\n");
      request.append(body, at, at + size).append(random.nextInt(8) == 0 ? "" : "\r\n");
      at += size;
    }
    return bytes(
        request + pick(List.of("0\r\n\r\n", "0\r\n", "", "0\r\nX: y\r\n\r\n", "0\r\nbad\r\n\r\n")));
  }

  private byte[] cutShort() {
    byte[] whole = post(pick(PATHS), bytes(pick(BODIES)), "");
    byte[] cut = new byte[random.nextInt(whole.length)];
    System.arraycopy(whole, 0, cut, 0, cut.length);
    return cut;
  }

  private byte[] brokenBody() {
    return post(
        pick(PATHS), mutated(pick(BODIES)), random.nextInt(5) == 0 ? pick(HEADERS) + "\r\n" : "");
  }

  private byte[] binaryLies() {
    String type = pick(List.of("FP32", "FP64", "FP16", "INT64", "UINT64", "BOOL", "BYTES", "BF16"));
    String json =
        "{\"inputs\": [{\"name\": \"x\", \"shape\": [%s], \"datatype\": \"%s\", \"parameters\": {\"binary_data_size\": %s}}]}"
            .formatted(
                pick(List.of("1, 2", "2, 1", "0, 2", "1, 2, 1", "2147483647, 2147483647", "1")),
                type,
                pick(List.of("8", "16", "4", "0", "-8", "9223372036854775807", "1e3", "\"8\"")));
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(random.nextInt(4) == 0 ? mutated(json) : bytes(json));
    int length = body.size() + (random.nextInt(4) == 0 ? random.nextInt(-5, 6) : 0);
    for (int i = random.nextInt(20); i > 0; i--) {
      body.write(random.nextInt(3) == 0 ? 0xFF : random.nextInt(256));
    }
    return post(
        "/v2/models/sum/infer",
        body.toByteArray(),
        "Inference-Header-Content-Length: " + length + "\r\n");
  }

  /** A few places of the text changed, taken out, doubled or made deep. */
  private byte[] mutated(String text) {
    StringBuilder changed = new StringBuilder(text);
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      int at = random.nextInt(changed.length() + 1);
      switch (random.nextInt(6)) {
        case 0 -> changed.insert(at, pick(ODD));
        case 1 -> changed.delete(at, Math.min(changed.length(), at + 1 + random.nextInt(6)));
        case 2 -> changed.insert(at, (char) random.nextInt(256));
        case 3 -> changed.insert(at, changed.substring(at / 2, at));
        case 4 ->
            changed.insert(at, random.nextInt(20) == 0 ? "[".repeat(20_000) : "[".repeat(100));
        default -> {
          if (at < changed.length()) {
            changed.setCharAt(at, (char) random.nextInt(128));
          }
        }
      }
    }
    return changed.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] post(String path, byte[] body, String headers) {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(
        bytes(
            "POST "
                + path
                + " HTTP/1.1\r\nHost: a\r\n"
                + headers
                + "Content-Length: "
                + body.length
                + "\r\n\r\n"));
    request.writeBytes(body);
    return request.toByteArray();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private String pick(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
