package io.tapestream.jobs.spec;

/**
 * One key of a job specification with the value that counts.
 *
 * @param key with its sections, such as {@code source.topic}
 * @param value as a file would say it
 * @param isDefault whether the file leaves the key out
 */
public record Setting(String key, String value, boolean isDefault) {}
