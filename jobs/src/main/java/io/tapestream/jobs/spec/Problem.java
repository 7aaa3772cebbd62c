package io.tapestream.jobs.spec;

/**
 * One mistake in a job specification.
 *
 * @param line of the file, from 1
 * @param key with its sections, such as {@code source.topic}; empty for the file as a whole
 * @param what is wrong
 * @param fix what to write instead
 */
public record Problem(int line, String key, String what, String fix) {
  @Override
  public String toString() {
    String end = fix.endsWith("?") ? "" : ".";
    return "line " + line + (key.isEmpty() ? "" : ", " + key) + ": " + what + ". " + fix + end;
  }
}
