package io.tapestream.jobs.spec;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A job specification while it is being read: gives typed values by key, and gathers every mistake
 * on the way instead of stopping at the first.
 */
final class Document {
  private final Yaml.Mapping root;
  private final List<Problem> problems = new ArrayList<>();

  /** Reads the text; a text that is no YAML leaves an empty document and a problem. */
  Document(String text) {
    this.root = Yaml.parse(text, problems);
    if (problems.isEmpty()) {
      findUnknown("", root);
    }
  }

  /** The value of a key, its default, or after a mistake its kind's placeholder. */
  <T> T get(Key<T> key) {
    Optional<T> value = find(key);
    if (value.isPresent()) {
      return value.get();
    }
    if (key.required() && !has(key.path()) && isSection(key.section())) {
      problems.add(new Problem(lineOf(key.section()), key.path(), "is missing", key.kind().fix()));
    }
    return key.fallback() == null ? key.kind().placeholder() : key.fallback();
  }

  /** The value of a key; empty when it is left out or can't be read. */
  <T> Optional<T> find(Key<T> key) {
    Optional<Yaml> yaml = at(key.path());
    if (yaml.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(key.kind().reader().read(yaml.get()));
    } catch (Kind.Refused refused) {
      problems.add(refused.problem(key));
      return Optional.empty();
    }
  }

  /** Whether the key stands in the file, readable or not. */
  boolean has(String path) {
    return at(path).isPresent();
  }

  /** Whether keys can stand below the path: it is left out, or a section. */
  boolean isSection(String path) {
    return at(path).map(Yaml.Mapping.class::isInstance).orElse(true);
  }

  /** Adds a mistake about a key that was read. */
  void complain(String path, String what, String fix) {
    problems.add(new Problem(lineOf(path), path, what, fix));
  }

  /** The line of a key, or of the nearest section around it that stands in the file. */
  int lineOf(String path) {
    Yaml found = root;
    for (String name : path.split("\\.", -1)) {
      Yaml next = found instanceof Yaml.Mapping mapping ? mapping.entries().get(name) : null;
      if (next == null) {
        break;
      }
      found = next;
    }
    return found.line();
  }

  /** Where every key and every item of a list stands. */
  Lines lines(String file) {
    Map<String, Integer> lines = new HashMap<>();
    collect("", root, lines);
    return new Lines(file, lines);
  }

  private static void collect(String path, Yaml yaml, Map<String, Integer> lines) {
    if (!path.isEmpty()) {
      lines.put(path, yaml.line());
    }
    if (yaml instanceof Yaml.Mapping mapping) {
      mapping
          .entries()
          .forEach((key, value) -> collect(path.isEmpty() ? key : path + "." + key, value, lines));
    } else if (yaml instanceof Yaml.Sequence sequence) {
      for (int i = 0; i < sequence.items().size(); i++) {
        collect(path + "[" + i + "]", sequence.items().get(i), lines);
      }
    }
  }

  /** Every key with its value, as the file or else the default has it. */
  List<Setting> settings(String publishName, String deadLetters) {
    Map<String, String> derived =
        Map.of(
            Keys.PUBLISH_NAME.path(), publishName,
            Keys.DEAD_LETTERS.path(), deadLetters);
    List<Setting> settings = new ArrayList<>();
    for (Key<?> key : Keys.ALL) {
      Optional<Yaml> yaml = at(key.path());
      String value =
          yaml.map(Document::text)
              .orElseGet(() -> derived.getOrDefault(key.path(), key.shown().replace("`", "")));
      boolean isOtherWay = key.shown().startsWith("this or");
      if (yaml.isPresent() || !isOtherWay) {
        settings.add(new Setting(key.path(), value, yaml.isEmpty()));
      }
    }
    return settings;
  }

  private static String text(Yaml yaml) {
    return yaml instanceof Yaml.Scalar scalar ? scalar.text().strip() : yaml.toJson().toString();
  }

  List<Problem> problems() {
    return Collections.unmodifiableList(problems);
  }

  private Optional<Yaml> at(String path) {
    Yaml found = root;
    for (String name : path.split("\\.", -1)) {
      Yaml next = found instanceof Yaml.Mapping mapping ? mapping.entries().get(name) : null;
      if (next == null) {
        return Optional.empty();
      }
      found = next;
    }
    return Optional.of(found);
  }

  private void findUnknown(String section, Yaml.Mapping mapping) {
    for (Map.Entry<String, Yaml> entry : mapping.entries().entrySet()) {
      String path = section.isEmpty() ? entry.getKey() : section + "." + entry.getKey();
      Yaml value = entry.getValue();
      if (Keys.ALL.stream().anyMatch(key -> key.path().equals(path))) {
        continue;
      }
      if (Keys.ALL.stream().noneMatch(key -> key.path().startsWith(path + "."))) {
        problems.add(
            new Problem(
                value.line(), path, "there is no such key", guess(section, entry.getKey())));
      } else if (value instanceof Yaml.Mapping inner) {
        findUnknown(path, inner);
      } else {
        problems.add(
            new Problem(
                value.line(),
                path,
                "this is " + value.kind() + " and not a section",
                "Write its keys below it, indented: " + String.join(", ", children(path))));
      }
    }
  }

  /** The key of the same section that is nearest, or the same name elsewhere, or all there are. */
  private static String guess(String section, String name) {
    Set<String> siblings = children(section);
    Optional<String> sibling = Nearest.to(name, siblings);
    if (sibling.isPresent()) {
      return "Did you mean \"" + sibling.get() + "\"?";
    }
    Optional<String> elsewhere =
        Keys.ALL.stream().filter(key -> key.name().equals(name)).map(Key::path).findFirst();
    return elsewhere
        .map(path -> "Did you mean \"" + path + "\"?")
        .orElse("Known here: " + String.join(", ", siblings));
  }

  private static Set<String> children(String section) {
    String prefix = section.isEmpty() ? "" : section + ".";
    Set<String> names = new TreeSet<>();
    for (Key<?> key : Keys.ALL) {
      if (key.path().startsWith(prefix)) {
        names.add(key.path().substring(prefix.length()).split("\\.", 2)[0]);
      }
    }
    return names;
  }
}
