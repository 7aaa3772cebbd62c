package io.tapestream.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.tensor.Tensor;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Finds the ops that lack a test: each public op {@code X} needs an {@code XTest} that checks its
 * gradient, and that gradient's gradient, by {@link OpContract}.
 */
class OpsCompletenessTest {
  /** Ops whose result does not vary smoothly with anything, or is to be taken for a constant. */
  private static final Set<String> WITHOUT_GRADIENT = Set.of("ArgMax", "OneHot", "StopGradient");

  @Test
  void everyOpHasItsTest() throws IOException, URISyntaxException {
    List<Class<?>> ops = ops();
    assertThat(ops).as("ops found").hasSizeGreaterThan(25);
    for (Class<?> op : ops) {
      String name = op.getName() + "Test";
      assertThat(load(name)).as("%s has no test %s", op.getSimpleName(), name).isNotNull();
      if (!WITHOUT_GRADIENT.contains(op.getSimpleName())) {
        assertThat(load(name)).as("%s checks the gradient", name).isAssignableTo(OpContract.class);
      }
    }
  }

  static List<Class<?>> ops() throws IOException, URISyntaxException {
    Path classes = Path.of(Add.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path folder = classes.resolve(Add.class.getPackageName().replace('.', '/'));
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches("[A-Z][A-Za-z0-9]*\\.class"))
          .<Class<?>>map(
              name -> load(Add.class.getPackageName() + "." + name.substring(0, name.length() - 6)))
          .filter(type -> Modifier.isPublic(type.getModifiers()))
          .filter(OpsCompletenessTest::isOp)
          .toList();
    }
  }

  private static boolean isOp(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .anyMatch(
            method -> method.getName().equals("of") && method.getReturnType() == Tensor.class);
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      return null;
    }
  }
}
