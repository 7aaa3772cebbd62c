package io.tapestream.backend;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Tracer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backend of this process. It is chosen once, at first use, and logged: the one that the system
 * property {@value #PROPERTY} names, else the provider with the highest preference that loads. A
 * type that it does not support (FLOAT64, on one that only trains) is computed by the next one that
 * does.
 */
public final class Backends {
  /** The system property that names the backend, such as {@code cpu} or {@code nd4j}. */
  public static final String PROPERTY = "tapestream.backend";

  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

  private Backends() {}

  /**
   * The backend of this process.
   *
   * @throws IllegalStateException if the one that is named is unknown, or none loads
   */
  public static Backend current() {
    return Chosen.CHOICE.orThrow();
  }

  /**
   * The backend that computes in a floating type: the current one if it can, else the most
   * preferred one that can. While a step is traced, what is returned notes the calls too.
   *
   * @throws IllegalArgumentException if none can, as for integers
   */
  public static Backend of(DType dtype) {
    Backend chosen = Chosen.CHOICE.orThrow();
    Backend backend = chosen.supports(dtype) ? chosen : Others.supporting(dtype);
    Tracer tracer = Tracer.current();
    return tracer == null ? backend : tracer.recording(Backend.class, backend);
  }

  private static final class Chosen {
    static final Choice CHOICE = Choice.of(providers(), System.getProperty(PROPERTY, ""));
  }

  /** The backend, or why there is none; this is told to everyone who asks for it. */
  record Choice(@Nullable Backend backend, @Nullable IllegalStateException whyNone) {
    static Choice of(List<BackendProvider> providers, String wanted) {
      try {
        return new Choice(choose(providers, wanted), null);
      } catch (IllegalStateException e) {
        return new Choice(null, e);
      }
    }

    Backend orThrow() {
      if (backend == null) {
        throw new IllegalStateException(whyNone == null ? "" : whyNone.getMessage(), whyNone);
      }
      return backend;
    }
  }

  private static final class Others {
    private static final Map<DType, Backend> BY_TYPE = new EnumMap<>(DType.class);

    static synchronized Backend supporting(DType dtype) {
      return BY_TYPE.computeIfAbsent(dtype, Others::load);
    }

    private static Backend load(DType dtype) {
      if (dtype.isFloating()) {
        for (BackendProvider provider : providers()) {
          if (!provider.name().equals(Chosen.CHOICE.orThrow().name())) {
            try {
              Backend backend = provider.create();
              if (backend.supports(dtype)) {
                LOG.info("Backend for {}: {}", dtype, backend.name());
                return backend;
              }
            } catch (RuntimeException | LinkageError e) {
              LOG.debug("Backend {} does not load", provider.name(), e);
            }
          }
        }
      }
      throw new IllegalArgumentException(
          "no backend computes in "
              + dtype
              + "; use FLOAT32, or put nd4j on the class path for FLOAT64");
    }
  }

  /** All providers on the class path, the most preferred first. */
  static List<BackendProvider> providers() {
    List<BackendProvider> providers = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader())
        .forEach(providers::add);
    providers.sort(
        Comparator.comparingInt(BackendProvider::preference)
            .reversed()
            .thenComparing(BackendProvider::name));
    return providers;
  }

  /** Makes the wanted backend, or the first that loads if none is named. */
  static Backend choose(List<BackendProvider> providers, String wanted) {
    IllegalStateException failure =
        new IllegalStateException(
            wanted.isEmpty()
                ? "no backend loads on this machine; those tried: " + names(providers)
                : "the backend "
                    + PROPERTY
                    + "="
                    + wanted
                    + " is unknown or does not load; known: "
                    + names(providers));
    for (BackendProvider provider : providers) {
      if (wanted.isEmpty() || wanted.equals(provider.name())) {
        try {
          Backend backend = provider.create();
          LOG.info("Backend: {}", backend.name());
          return backend;
        } catch (RuntimeException | LinkageError e) {
          LOG.warn("Backend {} does not load: {}", provider.name(), e.toString());
          failure.addSuppressed(e);
        }
      }
    }
    throw failure;
  }

  private static String names(List<BackendProvider> providers) {
    return providers.stream().map(BackendProvider::name).collect(Collectors.joining(", "));
  }
}
