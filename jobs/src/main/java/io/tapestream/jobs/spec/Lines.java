package io.tapestream.jobs.spec;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Where the keys of a specification stand in its file, for mistakes that are found only when
 * classes are loaded and brokers are asked.
 *
 * @param file as errors call it
 * @param byPath the line of every key that stands in the file, down to settings of layers: {@code
 *     model.layers[1].units}
 */
public record Lines(String file, Map<String, Integer> byPath) {

  /** Keeps an immutable copy. */
  public Lines {
    byPath = Map.copyOf(byPath);
  }

  /**
   * A mistake about a key, or about the setting below it that the message names.
   *
   * @param key such as {@code optimizer}
   * @param what is wrong
   * @param fix what to write instead
   */
  public Problem problem(String key, String what, String fix) {
    String path =
        byPath.keySet().stream()
            .filter(known -> known.startsWith(key + ".") || known.startsWith(key + "["))
            .filter(known -> isNamed(known, what))
            .max(Comparator.comparingInt(String::length))
            .orElse(key);
    return new Problem(line(path), path, what, fix);
  }

  /** All these mistakes as one error. */
  public InvalidSpecException mistakes(List<Problem> problems) {
    return new InvalidSpecException(file, problems);
  }

  /** The line of a key, or of the nearest section around it that stands in the file. */
  private int line(String path) {
    for (String at = path; !at.isEmpty(); at = at.substring(0, Math.max(0, at.lastIndexOf('.')))) {
      Integer line = byPath.get(at);
      if (line != null) {
        return line;
      }
    }
    return 1;
  }

  /** Whether the message speaks of the path's last name, at the place in a list that it names. */
  private static boolean isNamed(String path, String message) {
    String name = path.substring(path.lastIndexOf('.') + 1).replaceAll("\\[\\d+]", "");
    var place = Pattern.compile("\\[(\\d+)]").matcher(message);
    boolean samePlace = !place.find() || !path.contains("[") || path.contains(place.group());
    return samePlace
        && !name.equals("type")
        && Pattern.compile("\\b" + Pattern.quote(name) + "\\b").matcher(message).find();
  }
}
