package io.tapestream.serving.follow;

import java.time.Instant;

/**
 * A version that was not loaded.
 *
 * @param version its number
 * @param reason what is wrong with it
 * @param at when it was found so
 */
public record Rejection(long version, String reason, Instant at) {}
