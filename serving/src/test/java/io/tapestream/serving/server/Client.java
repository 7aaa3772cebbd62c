package io.tapestream.serving.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** Asks a server as its users do. */
record Client(HttpClient http, String url) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static Client of(ModelServer server) {
    return new Client(HttpClient.newHttpClient(), server.url());
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    return http.send(request(path, headers).build(), BodyHandlers.ofString());
  }

  /** Single quotes stand for double ones. */
  HttpResponse<String> post(String path, String body, String... headers) throws Exception {
    return http.send(
        request(path, headers).POST(BodyPublishers.ofString(body.replace('\'', '"'))).build(),
        BodyHandlers.ofString());
  }

  HttpResponse<byte[]> post(String path, byte[] body, String... headers) throws Exception {
    return http.send(
        request(path, headers).POST(BodyPublishers.ofByteArray(body)).build(),
        BodyHandlers.ofByteArray());
  }

  JsonNode json(String path) throws Exception {
    return JSON.readTree(get(path).body());
  }

  private HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path));
    return headers.length == 0 ? request : request.headers(headers);
  }

  static void assertError(HttpResponse<String> response, int status, String message)
      throws Exception {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(JSON.readTree(response.body()).get("error").asText()).contains(message);
  }

  static String version(HttpResponse<?> response) {
    return response.headers().firstValue(ModelServer.VERSION_HEADER).orElse("none");
  }
}
