package io.tapestream.operators.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.losses.Loss;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.operators.InputSettings;
import io.tapestream.operators.ModelSettings;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.specs.Specified;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;

/**
 * The model as the job's settings specify it.
 *
 * @param model the specifications
 * @param input gives the shape that the model is built for
 */
record SpecifiedModel(ModelSettings model, InputSettings input) implements ServedModel {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Override
  public Optimizer optimizer(ClassLoader userClasses) {
    return read(model.optimizerJson(), Optimizer.class, userClasses);
  }

  @Override
  public boolean meanLoss(ClassLoader userClasses) {
    return read(model.lossJson(), Loss.class, userClasses).mean();
  }

  @Override
  public float[] initialValues(ClassLoader userClasses) {
    Model built = read(model.modelJson(), Model.class, userClasses);
    built.build(Shape.of(input.shape().stream().mapToInt(d -> d).toArray()), model.seed());
    ParameterVector parameters = built.parameters();
    float[] values = new float[parameters.size()];
    parameters.read(0, values, 0, values.length);
    return values;
  }

  private static <T extends Specified> T read(String json, Class<T> kind, ClassLoader userClasses) {
    try {
      return Specs.read(JSON.readTree(json), kind, userClasses);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "the specification of the %s is no JSON: %s".formatted(kind.getSimpleName(), json), e);
    }
  }
}
