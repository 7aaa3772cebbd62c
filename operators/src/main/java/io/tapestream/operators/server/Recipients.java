package io.tapestream.operators.server;

import io.tapestream.parameterserver.Message.Hello;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * To whom a shard's weights go in this attempt: for each replica, so for each process, the first
 * trainer that was heard of. Never state: every attempt begins with everyone's hello.
 */
final class Recipients {

  private final Map<UUID, Integer> subtasks = new HashMap<>();

  /** Takes note of a trainer; answers whether it is the one that its replica is served through. */
  boolean greet(Hello hello) {
    return subtasks.computeIfAbsent(hello.replica(), replica -> hello.subtask()) == hello.subtask();
  }

  /** One subtask for each replica. */
  Collection<Integer> subtasks() {
    return subtasks.values();
  }
}
