package io.tapestream.operators.decode;

/** Why an example can't be learned from. The names travel in dead letters: never rename one. */
public enum Reason {
  /** The record has no value, or holds no example. */
  EMPTY,
  /** The bytes are truncated, damaged, or of another format. */
  UNREADABLE,
  /** The bytes name a version of the schema that is not known here. */
  UNKNOWN_SCHEMA,
  /** A feature the model needs is not there, or null. */
  MISSING_FEATURE,
  /** A feature is there twice. */
  REPEATED_FEATURE,
  /** A feature has another shape than the model needs, or not as many values as its shape. */
  WRONG_SHAPE,
  /** A feature or a label holds NaN or an infinity. */
  NOT_FINITE,
  /** There is no label. */
  MISSING_LABEL,
  /** The label has another number of values than the model needs. */
  WRONG_LABEL_SHAPE,
  /** The label is no index of a class. */
  LABEL_OUT_OF_RANGE,
  /** The weight is negative, NaN or infinite. */
  BAD_WEIGHT,
  /** Nothing is wrong with the example by itself, but its mini-batch has no finite gradient. */
  NOT_FINITE_GRADIENT,
  /** Nothing is wrong with the example by itself, but its mini-batch has too large a gradient. */
  GRADIENT_TOO_LARGE
}
