package io.tapestream.models;

import io.tapestream.layers.Context;
import io.tapestream.layers.Layer;
import io.tapestream.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Layers one after another. They are named after their type, as in Keras: {@code dense}, {@code
 * dense_1}, {@code max_pooling2d}, …
 */
public final class Sequential extends Model {

  /**
   * The settings.
   *
   * @param layers from input to output, at least one
   */
  public record Settings(List<Layer> layers) {
    /** Checks that there are layers. */
    public Settings {
      layers = List.copyOf(layers);
      if (layers.isEmpty()) {
        throw new IllegalArgumentException("Sequential: layers must not be empty");
      }
    }
  }

  private final Settings settings;

  /** With these settings. */
  public Sequential(Settings settings) {
    this.settings = settings;
  }

  /** These layers, from input to output. */
  public static Sequential of(Layer... layers) {
    return new Sequential(new Settings(List.of(layers)));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  public Map<String, Layer> children() {
    Map<String, Layer> named = new LinkedHashMap<>();
    for (Layer layer : settings.layers()) {
      named.put(LayerNames.unique(LayerNames.ofType(layer), named.keySet()), layer);
    }
    return named;
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    for (Layer layer : settings.layers()) {
      x = layer.apply(x, context);
    }
    return x;
  }
}
