package io.tapestream.operators.decode;

/** What every example must satisfy, whatever format it came in. */
final class Checks {
  private final int classes;

  /**
   * Makes the checks.
   *
   * @param classes how many classes a scalar label may name; 0 if it is no class
   */
  Checks(int classes) {
    this.classes = classes;
  }

  /** Every value of a feature is a number. */
  void finite(String feature, float[] values, int from, int n) throws RejectedExampleException {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = from;
    for (; i + 3 < from + n; i += 4) { // x·0 is 0, or NaN for NaN and infinities
      a += values[i] * 0f;
      b += values[i + 1] * 0f;
      c += values[i + 2] * 0f;
      d += values[i + 3] * 0f;
    }
    for (; i < from + n; i++) {
      a += values[i] * 0f;
    }
    if (a + b + c + d != 0) {
      for (int j = 0; j < n; j++) {
        if (!Float.isFinite(values[from + j])) {
          throw new RejectedExampleException(
              Reason.NOT_FINITE,
              "feature '%s' holds %s at index %d".formatted(feature, values[from + j], j));
        }
      }
    }
  }

  /** A label value is a number that float32 can hold and, where labels are classes, one of them. */
  float label(double value) throws RejectedExampleException {
    float label = (float) value;
    if (!Float.isFinite(label)) {
      throw new RejectedExampleException(
          Reason.NOT_FINITE, "the label is " + value + ", not a finite float32");
    }
    if (classes > 0 && !(value >= 0 && value < classes && value == Math.rint(value))) {
      throw new RejectedExampleException(
          Reason.LABEL_OUT_OF_RANGE,
          "the label is %s, but classes are the integers 0 to %d".formatted(value, classes - 1));
    }
    return label;
  }

  /** A weight is finite and not negative. */
  float weight(double value) throws RejectedExampleException {
    float weight = (float) value;
    if (!(weight >= 0) || weight == Float.POSITIVE_INFINITY) {
      throw new RejectedExampleException(
          Reason.BAD_WEIGHT, "the weight is " + value + ", not a finite number of at least 0");
    }
    return weight;
  }

  /** The label has as many values as the model needs. */
  static void labelSize(long found, int wanted) throws RejectedExampleException {
    if (found != wanted) {
      throw new RejectedExampleException(
          Reason.WRONG_LABEL_SHAPE,
          "the label has %d values where the model needs %d".formatted(found, wanted));
    }
  }

  static RejectedExampleException missingLabel() {
    return new RejectedExampleException(Reason.MISSING_LABEL, "the example has no label");
  }

  static RejectedExampleException missing(String feature) {
    return new RejectedExampleException(
        Reason.MISSING_FEATURE, "feature '" + feature + "' is missing");
  }

  static RejectedExampleException wrongShape(FeatureLayout.Feature feature, String found) {
    return new RejectedExampleException(
        Reason.WRONG_SHAPE,
        "feature '%s' has %s where the model needs %s"
            .formatted(feature.name(), found, feature.wanted()));
  }
}
