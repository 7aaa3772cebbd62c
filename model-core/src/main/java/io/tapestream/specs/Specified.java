package io.tapestream.specs;

/**
 * Something that a specification can name: a layer, a loss, an optimizer, a metric, an initializer.
 *
 * <p>Its settings are an immutable record. A record that implements this interface is its own
 * settings; any other class answers {@link #settings()} and has a public constructor that takes
 * that record, or a public constructor without arguments when its settings have no components.
 */
public interface Specified {

  /** The settings that make an equal instance. */
  default Record settings() {
    if (this instanceof Record self) {
      return self;
    }
    throw new IllegalStateException(
        getClass().getName() + " is not a record, so it must override settings()");
  }
}
