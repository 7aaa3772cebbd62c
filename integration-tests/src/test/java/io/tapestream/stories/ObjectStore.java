package io.tapestream.stories;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An object store that speaks as much of S3's REST API as a client needs to keep files in it:
 * objects put whole or in parts, read by range, copied, listed and deleted. An object appears when
 * its put, or its last part, is complete. It keeps them in memory and asks for no signature.
 */
final class ObjectStore implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");
  private static final Pattern KEY = Pattern.compile("<Key>([^<]*)</Key>");
  private static final Pattern PART = Pattern.compile("<PartNumber>(\\d+)</PartNumber>");

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final NavigableMap<String, Stored> objects = new ConcurrentSkipListMap<>();
  private final Map<String, NavigableMap<Integer, byte[]>> uploads = new ConcurrentHashMap<>();
  private final AtomicLong numbers = new AtomicLong();
  private volatile Predicate<String> refused = request -> false;

  @SuppressWarnings("ArrayRecordComponent") // put, given and forgotten, never compared
  private record Stored(byte[] bytes, Instant time) {
    String tag() {
      try {
        return "\""
            + HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes))
            + "\"";
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private ObjectStore(HttpServer server) {
    this.server = server;
  }

  /** Listens on a free port. */
  static ObjectStore start() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ObjectStore store = new ObjectStore(server);
    server.setExecutor(store.threads);
    server.createContext("/", store::handle);
    server.start();
    return store;
  }

  /** Such as {@code http://127.0.0.1:41234}. */
  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Keys of all objects, {@code bucket/…}. */
  List<String> keys() {
    return List.copyOf(objects.keySet());
  }

  /** Answers requests that are described like {@code PUT bucket/key} with a failure from now on. */
  void refuse(Predicate<String> requests) {
    refused = requests;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String key = exchange.getRequestURI().getPath().substring(1);
      byte[] body = body(exchange);
      if (refused.test(exchange.getRequestMethod() + " " + key)) {
        error(exchange, 403, "AccessDenied");
        return;
      }
      Map<String, String> query = query(exchange.getRequestURI());
      switch (exchange.getRequestMethod()) {
        case "GET" -> get(exchange, key, query);
        case "HEAD" -> head(exchange, key);
        case "PUT" -> put(exchange, key, query, body);
        case "POST" -> post(exchange, key, query, body);
        case "DELETE" -> delete(exchange, key, query);
        default -> error(exchange, 405, "MethodNotAllowed");
      }
    }
  }

  private void get(HttpExchange exchange, String key, Map<String, String> query)
      throws IOException {
    if (isBucket(key)) {
      if (query.containsKey("location")) {
        xml(exchange, 200, "<LocationConstraint>us-east-1</LocationConstraint>");
      } else {
        list(exchange, key.replace("/", ""), query);
      }
      return;
    }
    Stored stored = objects.get(key);
    if (stored == null) {
      error(exchange, 404, "NoSuchKey");
      return;
    }
    String asked = exchange.getRequestHeaders().getFirst("Range");
    Matcher range = RANGE.matcher(asked == null ? "" : asked);
    int length = stored.bytes().length;
    if (!range.matches()) {
      answer(exchange, 200, stored, 0, length, true);
      return;
    }
    int from = Integer.parseInt(range.group(1));
    int to =
        range.group(2).isEmpty() ? length : Math.min(length, Integer.parseInt(range.group(2)) + 1);
    if (from >= length) {
      error(exchange, 416, "InvalidRange");
      return;
    }
    exchange
        .getResponseHeaders()
        .set("Content-Range", "bytes %d-%d/%d".formatted(from, to - 1, length));
    answer(exchange, 206, stored, from, to, true);
  }

  private void head(HttpExchange exchange, String key) throws IOException {
    Stored stored = objects.get(key);
    if (stored != null) {
      answer(exchange, 200, stored, 0, stored.bytes().length, false);
    } else {
      exchange.sendResponseHeaders(isBucket(key) ? 200 : 404, -1);
    }
  }

  private void put(HttpExchange exchange, String key, Map<String, String> query, byte[] body)
      throws IOException {
    if (isBucket(key)) {
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    String copied = exchange.getRequestHeaders().getFirst("x-amz-copy-source");
    if (copied != null) {
      Stored source =
          objects.get(URLDecoder.decode(copied, StandardCharsets.UTF_8).replaceFirst("^/", ""));
      if (source == null) {
        error(exchange, 404, "NoSuchKey");
        return;
      }
      Stored copy = new Stored(source.bytes(), Instant.now());
      objects.put(key, copy);
      xml(
          exchange,
          200,
          "<CopyObjectResult><LastModified>%s</LastModified><ETag>%s</ETag></CopyObjectResult>"
              .formatted(iso(copy.time()), copy.tag()));
      return;
    }
    Stored stored = new Stored(body, Instant.now());
    if (query.containsKey("uploadId")) {
      uploads.get(query.get("uploadId")).put(Integer.parseInt(query.get("partNumber")), body);
    } else {
      objects.put(key, stored);
    }
    exchange.getResponseHeaders().set("ETag", stored.tag());
    exchange.sendResponseHeaders(200, -1);
  }

  private void post(HttpExchange exchange, String key, Map<String, String> query, byte[] body)
      throws IOException {
    String text = new String(body, StandardCharsets.UTF_8);
    if (query.containsKey("uploads")) {
      String id = "upload-" + numbers.incrementAndGet();
      uploads.put(id, new TreeMap<>());
      xml(
          exchange,
          200,
          "<InitiateMultipartUploadResult><Key>%s</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>"
              .formatted(key, id));
    } else if (query.containsKey("uploadId")) {
      NavigableMap<Integer, byte[]> parts = uploads.remove(query.get("uploadId"));
      ByteArrayOutputStream whole = new ByteArrayOutputStream();
      Matcher part = PART.matcher(text);
      while (part.find()) {
        whole.writeBytes(parts.get(Integer.parseInt(part.group(1))));
      }
      Stored stored = new Stored(whole.toByteArray(), Instant.now());
      objects.put(key, stored);
      xml(
          exchange,
          200,
          "<CompleteMultipartUploadResult><Key>%s</Key><ETag>%s</ETag></CompleteMultipartUploadResult>"
              .formatted(key, stored.tag()));
    } else if (query.containsKey("delete")) {
      Matcher deleted = KEY.matcher(text);
      while (deleted.find()) {
        objects.remove(key.replace("/", "") + "/" + deleted.group(1));
      }
      xml(exchange, 200, "<DeleteResult></DeleteResult>");
    } else {
      error(exchange, 400, "InvalidRequest");
    }
  }

  private void delete(HttpExchange exchange, String key, Map<String, String> query)
      throws IOException {
    if (query.containsKey("uploadId")) {
      uploads.remove(query.get("uploadId"));
    } else {
      objects.remove(key);
    }
    exchange.sendResponseHeaders(204, -1);
  }

  private void list(HttpExchange exchange, String bucket, Map<String, String> query)
      throws IOException {
    String prefix = query.getOrDefault("prefix", "");
    String delimiter = query.getOrDefault("delimiter", "");
    String after = query.getOrDefault("continuation-token", query.getOrDefault("marker", ""));
    int most = Integer.parseInt(query.getOrDefault("max-keys", "1000"));
    StringBuilder contents = new StringBuilder();
    TreeSet<String> common = new TreeSet<>();
    int listed = 0;
    String last = "";
    boolean truncated = false;
    for (Map.Entry<String, Stored> each : objects.tailMap(bucket + "/" + prefix, true).entrySet()) {
      if (!each.getKey().startsWith(bucket + "/" + prefix)) {
        break;
      }
      String key = each.getKey().substring(bucket.length() + 1);
      int cut = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
      String name = cut < 0 ? key : key.substring(0, cut + delimiter.length());
      if (name.compareTo(after) <= 0 || common.contains(name)) {
        continue;
      }
      if (listed == most) {
        truncated = true;
        break;
      }
      if (cut < 0) {
        contents.append(
            "<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>"
                .formatted(
                    key,
                    iso(each.getValue().time()),
                    each.getValue().tag(),
                    each.getValue().bytes().length));
      } else {
        common.add(name);
      }
      listed++;
      last = name;
    }
    StringBuilder prefixes = new StringBuilder();
    common.forEach(
        each ->
            prefixes
                .append("<CommonPrefixes><Prefix>")
                .append(each)
                .append("</Prefix></CommonPrefixes>"));
    xml(
        exchange,
        200,
        "<ListBucketResult><Name>%s</Name><Prefix>%s</Prefix><KeyCount>%d</KeyCount><MaxKeys>%d</MaxKeys><IsTruncated>%s</IsTruncated>%s%s%s</ListBucketResult>"
            .formatted(
                bucket,
                prefix,
                listed,
                most,
                truncated,
                truncated
                    ? "<NextContinuationToken>"
                        + last
                        + "</NextContinuationToken><NextMarker>"
                        + last
                        + "</NextMarker>"
                    : "",
                contents,
                prefixes));
  }

  // How a request and an answer are written

  private static boolean isBucket(String key) {
    return key.indexOf('/') < 0 || key.indexOf('/') == key.length() - 1;
  }

  /** The body, without the signatures of its chunks where it has them. */
  private static byte[] body(HttpExchange exchange) throws IOException {
    byte[] raw = exchange.getRequestBody().readAllBytes();
    Headers headers = exchange.getRequestHeaders();
    String hash = headers.getFirst("x-amz-content-sha256");
    if (hash == null || !hash.startsWith("STREAMING-")) {
      return raw;
    }
    ByteArrayOutputStream decoded = new ByteArrayOutputStream();
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(raw));
    while (true) {
      String head = line(in);
      int length = Integer.parseInt(head.split(";", 2)[0].trim(), 16);
      if (length == 0) {
        return decoded.toByteArray();
      }
      decoded.writeBytes(in.readNBytes(length));
      line(in);
    }
  }

  private static String line(DataInputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      line.append((char) c);
    }
    return line.toString().trim();
  }

  private static Map<String, String> query(URI uri) {
    Map<String, String> query = new HashMap<>();
    String raw = uri.getRawQuery();
    for (String pair : raw == null ? new String[0] : raw.split("&")) {
      String[] parts = pair.split("=", 2);
      query.put(
          parts[0], parts.length < 2 ? "" : URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return query;
  }

  private static void answer(
      HttpExchange exchange, int status, Stored stored, int from, int to, boolean withBody)
      throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("ETag", stored.tag());
    headers.set("Content-Type", "application/octet-stream");
    headers.set("Accept-Ranges", "bytes");
    headers.set(
        "Last-Modified",
        DateTimeFormatter.RFC_1123_DATE_TIME.format(stored.time().atOffset(ZoneOffset.UTC)));
    if (!withBody) {
      headers.set("Content-Length", String.valueOf(to - from));
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, to == from ? -1 : to - from);
    if (to > from) {
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(stored.bytes(), from, to - from);
      }
    }
  }

  private static void error(HttpExchange exchange, int status, String code) throws IOException {
    xml(
        exchange,
        status,
        "<Error><Code>%s</Code><Message>%s</Message></Error>".formatted(code, code));
  }

  private static void xml(HttpExchange exchange, int status, String xml) throws IOException {
    byte[] bytes =
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + xml).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/xml");
    exchange.sendResponseHeaders(status, bytes.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(bytes);
    }
  }

  private static String iso(Instant time) {
    return DateTimeFormatter.ISO_INSTANT.format(
        time.truncatedTo(java.time.temporal.ChronoUnit.MILLIS));
  }
}
