package io.tapestream.jobs.spec;

import java.io.Serial;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** A job specification can't be used; every mistake found in it is listed, not only the first. */
public final class InvalidSpecException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final transient List<Problem> problems;

  InvalidSpecException(String file, List<Problem> problems) {
    super(message(file, problems));
    this.problems = List.copyOf(problems);
  }

  /** The mistakes in the order of their lines. */
  public List<Problem> problems() {
    return problems.stream().sorted(Comparator.comparingInt(Problem::line)).toList();
  }

  private static String message(String file, List<Problem> problems) {
    String count = problems.size() == 1 ? "one mistake" : problems.size() + " mistakes";
    return problems.stream()
        .sorted(Comparator.comparingInt(Problem::line))
        .map(problem -> "\n  " + problem)
        .collect(Collectors.joining("", file + " has " + count + ":", ""));
  }
}
