package io.tapestream.jobs.cluster;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * This build's class path, parted into what belongs to a cluster's processes, what travels with
 * each job, and what only the command line needs.
 *
 * <pre>
 * cluster   Flink; model-core with ND4J, JavaCPP and Jackson: their state belongs to the process
 * job       operators, parameter server, schemas; the Kafka connector, Avro, Arrow
 * neither   jobs, serving
 * </pre>
 */
public final class ClassPath {
  /** A class of each jar that travels with the job. */
  private static final List<String> OF_THE_JOB =
      List.of(
          "io.tapestream.operators.TrainingSettings",
          "io.tapestream.parameterserver.ParameterServer",
          "io.tapestream.schemas.AvroCodec",
          "org.apache.flink.connector.kafka.source.KafkaSource",
          "org.apache.flink.connector.base.source.reader.SourceReaderBase",
          "org.apache.kafka.clients.consumer.Consumer",
          "com.github.luben.zstd.Zstd",
          "org.apache.avro.Schema",
          "org.apache.arrow.vector.VectorSchemaRoot",
          "org.apache.arrow.flatbuf.Schema",
          "org.apache.arrow.memory.BufferAllocator",
          "org.apache.arrow.memory.unsafe.UnsafeAllocationManager",
          "org.apache.commons.codec.binary.Hex",
          "com.fasterxml.jackson.datatype.jdk8.Jdk8Module",
          "com.fasterxml.jackson.datatype.jsr310.JavaTimeModule");

  /** A class of each jar that only the command line needs. */
  private static final List<String> OF_THE_CLIENT =
      List.of(
          "io.tapestream.jobs.TrainingJob",
          "io.tapestream.serving.server.ModelServer",
          "kafka.server.KafkaRaftServer",
          "org.apache.kafka.server.config.ServerConfigs",
          "org.apache.kafka.metadata.storage.Formatter",
          "org.apache.kafka.raft.KafkaRaftClient",
          "org.eclipse.jetty.server.Server",
          "org.eclipse.jetty.http.HttpFields",
          "org.eclipse.jetty.io.Connection",
          "org.eclipse.jetty.util.Callback",
          "io.prometheus.metrics.core.metrics.Counter",
          "io.prometheus.metrics.model.snapshots.MetricSnapshot",
          "io.prometheus.metrics.config.PrometheusProperties",
          "io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter",
          "picocli.CommandLine");

  private ClassPath() {}

  /** Everything that this process was started with. */
  static List<Path> whole() {
    String tests = System.getProperty("surefire.test.class.path"); // behind a jar of one manifest
    String entries = tests != null ? tests : System.getProperty("java.class.path");
    return Stream.of(entries.split(File.pathSeparator, -1))
        .filter(entry -> !entry.isEmpty())
        .map(entry -> Path.of(entry).toAbsolutePath().normalize())
        .toList();
  }

  /** What the processes of a cluster run with. */
  static List<Path> ofTheCluster() {
    Set<Path> others = new LinkedHashSet<>();
    OF_THE_JOB.forEach(name -> others.add(home(name)));
    OF_THE_CLIENT.forEach(name -> others.add(home(name)));
    return whole().stream().filter(entry -> !others.contains(entry)).toList();
  }

  /**
   * The jars that travel with each job, the user's own not among them. Where this build runs from
   * directories of classes, as in an IDE, those are packed first.
   */
  public static List<Path> ofTheJob() {
    Set<Path> jars = new LinkedHashSet<>();
    OF_THE_JOB.forEach(name -> jars.add(packed(home(name))));
    return List.copyOf(jars);
  }

  /** The jar that a class is in. */
  public static Path jarOf(Class<?> type) {
    return packed(home(type.getName()));
  }

  private static Path home(String className) {
    String file = className.replace('.', '/') + ".class";
    URL found = ClassPath.class.getClassLoader().getResource(file);
    if (found == null) {
      throw new IllegalStateException("this build's class path lacks " + className);
    }
    String url = found.toString();
    String entry =
        url.startsWith("jar:")
            ? url.substring("jar:".length(), url.indexOf("!/"))
            : url.substring(0, url.length() - file.length());
    try {
      return Path.of(new URL(entry).toURI()).toAbsolutePath().normalize();
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException(className + " comes from no file: " + url, e);
    }
  }

  private static Path packed(Path entry) {
    if (!Files.isDirectory(entry)) {
      return entry;
    }
    try {
      Path jar = Files.createTempFile("tapestream-", ".jar");
      jar.toFile().deleteOnExit();
      try (OutputStream file = Files.newOutputStream(jar);
          JarOutputStream out = new JarOutputStream(file);
          Stream<Path> classes = Files.walk(entry)) {
        List<Path> files = new ArrayList<>(classes.filter(Files::isRegularFile).sorted().toList());
        for (Path each : files) {
          String name = entry.relativize(each).toString().replace(File.separatorChar, '/');
          out.putNextEntry(new JarEntry(name));
          Files.copy(each, out);
        }
      }
      return jar;
    } catch (IOException e) {
      throw new UncheckedIOException("can't pack " + entry + " to send it with the job", e);
    }
  }
}
