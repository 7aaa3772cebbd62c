package io.tapestream.operators.source;

/** Wakes a reader that time alone gives something to do. For one thread. */
interface Alarm extends AutoCloseable {

  /**
   * Sets it to ring once, unless it is set to ring before; who is woken early asks again.
   *
   * @param nanos from now
   */
  void set(long nanos);

  @Override
  void close();
}
