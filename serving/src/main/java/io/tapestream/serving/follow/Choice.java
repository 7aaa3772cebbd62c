package io.tapestream.serving.follow;

/** Which version of a model a request asks for. */
public sealed interface Choice {

  /** The held version, or else the newest good one. */
  Choice DEFAULT = new Default();

  /** What {@link #DEFAULT} is. */
  record Default() implements Choice {}

  /** The version of this number. */
  record Numbered(long version) implements Choice {}

  /** The version that has this label. */
  record Labelled(String label) implements Choice {}

  /** The version of this number. */
  static Choice version(long number) {
    return new Numbered(number);
  }

  /** The version that has this label, such as {@code stable}. */
  static Choice label(String name) {
    return new Labelled(name);
  }
}
