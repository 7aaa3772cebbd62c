package io.tapestream.files;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which Tapestream this is. */
public final class Software {
  private static final Logger LOG = LoggerFactory.getLogger(Software.class);
  private static final String RESOURCE = "software.properties";
  private static final String NAME = read();

  private Software() {}

  /**
   * For example {@code tapestream 0.1.0}, with the commit behind it if the build was told of one
   * ({@code -Dtapestream.commit=…}).
   */
  public static String name() {
    return NAME;
  }

  /** Whether the build has put something in the place. */
  private static boolean isTold(String value) {
    return !value.isBlank() && !value.contains("{");
  }

  private static String read() {
    Properties properties = new Properties();
    try (InputStream in = Software.class.getResourceAsStream(RESOURCE)) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      LOG.warn("{} can't be read, so versions don't say what wrote them", RESOURCE, e);
    }
    String version = properties.getProperty("version", "");
    String commit = properties.getProperty("commit", "");
    return "tapestream "
        + (isTold(version) ? version : "of an unknown version")
        + (isTold(commit) ? " (" + commit + ")" : "");
  }
}
