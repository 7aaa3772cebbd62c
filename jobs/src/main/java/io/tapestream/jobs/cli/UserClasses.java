package io.tapestream.jobs.cli;

import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --jar}: where a user's own classes come from. */
final class UserClasses {
  @Option(
      names = "--jar",
      paramLabel = "JAR",
      description = "A jar with your own classes, such as the model; may be repeated.")
  private List<Path> jars = new ArrayList<>();

  /** The jars, each of which exists. */
  List<Path> jars() throws NoSuchFileException {
    List<Path> found = new ArrayList<>();
    for (Path jar : jars) {
      if (!Files.isRegularFile(jar)) {
        throw new NoSuchFileException(jar.toString());
      }
      found.add(jar.toAbsolutePath().normalize());
    }
    return found;
  }

  /**
   * A loader of the jars' classes over the program's own, which is the current thread's from now
   * on. It lasts as long as the process.
   */
  ClassLoader install() throws NoSuchFileException {
    List<URL> urls = new ArrayList<>();
    for (Path jar : jars()) {
      try {
        urls.add(jar.toUri().toURL());
      } catch (MalformedURLException e) {
        throw new IllegalStateException("a file always has a URL: " + jar, e);
      }
    }
    ClassLoader loader =
        new URLClassLoader(urls.toArray(URL[]::new), UserClasses.class.getClassLoader());
    Thread.currentThread().setContextClassLoader(loader);
    return loader;
  }
}
