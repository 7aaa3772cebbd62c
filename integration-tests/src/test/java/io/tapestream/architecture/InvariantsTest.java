package io.tapestream.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every invariant and rule of ARCHITECTURE.md has a test, and no other is named anywhere. */
class InvariantsTest {

  /** A row of a table: {@code | I4 | promise |}. */
  private static final Pattern STATED = Pattern.compile("(?m)^\\| ([IR]\\d+) \\|");

  /** A test's name: {@code i4SomethingHolds} or {@code something_holds_I4}. */
  private static final Pattern TESTED =
      Pattern.compile("void (?:([ir]\\d+)[A-Z]\\w*|\\w+_([IR]\\d+))\\(");

  private static final Pattern CITED = Pattern.compile("\\((?:[IR]\\d+, )*([IR]\\d+)\\)");

  @Test
  void everyInvariantAndRuleHasATestThatNamesIt() throws IOException {
    Set<String> tested = new TreeSet<>();
    for (Path file : sources("src/test/java")) {
      tested.addAll(found(TESTED, file));
    }
    assertThat(tested).containsExactlyInAnyOrderElementsOf(stated());
  }

  @Test
  void theCodeCitesNoOthers() throws IOException {
    Set<String> cited = new TreeSet<>();
    for (Path file : sources("src/main/java")) {
      cited.addAll(found(CITED, file));
    }
    assertThat(stated()).containsAll(cited);
  }

  private static Set<String> stated() throws IOException {
    return found(STATED, root().resolve("ARCHITECTURE.md"));
  }

  private static Set<String> found(Pattern pattern, Path file) throws IOException {
    Set<String> names = new TreeSet<>();
    Matcher matcher = pattern.matcher(Files.readString(file));
    while (matcher.find()) {
      for (int group = 1; group <= matcher.groupCount(); group++) {
        if (matcher.group(group) != null) {
          names.add(matcher.group(group).toUpperCase(Locale.ROOT));
        }
      }
    }
    return names;
  }

  private static List<Path> sources(String folder) throws IOException {
    List<Path> sources = new ArrayList<>();
    try (DirectoryStream<Path> modules = Files.newDirectoryStream(root(), Files::isDirectory)) {
      for (Path module : modules) {
        if (Files.isDirectory(module.resolve(folder))) {
          try (Stream<Path> files = Files.walk(module.resolve(folder))) {
            files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
          }
        }
      }
    }
    return sources;
  }

  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("ARCHITECTURE.md"))) {
      folder = folder.getParent();
    }
    return folder;
  }
}
