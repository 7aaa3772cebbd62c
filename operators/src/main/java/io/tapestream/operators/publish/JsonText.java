package io.tapestream.operators.publish;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** The specifications in a job's settings, which travel as text. */
final class JsonText {
  private static final ObjectMapper JSON = new ObjectMapper();

  private JsonText() {}

  static JsonNode parse(String specification) {
    try {
      return JSON.readTree(specification);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a specification is no JSON: " + specification, e);
    }
  }
}
