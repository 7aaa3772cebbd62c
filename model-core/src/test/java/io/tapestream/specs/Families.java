package io.tapestream.specs;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the members of a family, so that none goes without a test. */
public final class Families {

  /** The concrete public classes of this kind in the kind's own package, by simple name. */
  public static <T extends Specified> Set<String> membersOf(Class<T> kind) {
    try {
      Path root = Path.of(kind.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path folder = root.resolve(kind.getPackageName().replace('.', '/'));
      try (Stream<Path> files = Files.list(folder)) {
        return files
            .map(file -> file.getFileName().toString())
            .filter(
                name ->
                    name.endsWith(".class")
                        && !name.contains("$")
                        && !name.equals("package-info.class"))
            .map(name -> load(kind.getPackageName() + "." + name.substring(0, name.length() - 6)))
            .filter(c -> kind.isAssignableFrom(c) && !Modifier.isAbstract(c.getModifiers()))
            .map(Class::getSimpleName)
            .collect(Collectors.toCollection(TreeSet::new));
      }
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The simple names of the classes of these things. */
  public static Set<String> namesOf(Stream<? extends Specified> things) {
    return things
        .map(t -> t.getClass().getSimpleName())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private Families() {}
}
