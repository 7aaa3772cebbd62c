package io.tapestream.serving.protocol;

/**
 * The examples of a request as a model takes them.
 *
 * @param values (rows, …input shape), row by row
 * @param rows number of examples
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, compared by nobody
public record Examples(float[] values, int rows) {}
