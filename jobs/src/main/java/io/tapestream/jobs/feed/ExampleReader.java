package io.tapestream.jobs.feed;

import io.tapestream.schemas.avro.TrainingExample;
import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Examples one after another, from wherever they come. */
public interface ExampleReader extends Closeable {

  /**
   * The next example.
   *
   * @return null when there are no more
   * @throws IOException if it can't be read or is no example, saying where and what to do
   */
  @Nullable TrainingExample next() throws IOException;

  @Override
  default void close() throws IOException {}
}
