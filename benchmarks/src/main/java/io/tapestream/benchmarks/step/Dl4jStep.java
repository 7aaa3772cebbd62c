package io.tapestream.benchmarks.step;

import io.tapestream.benchmarks.Interleaved.Step;
import io.tapestream.benchmarks.peers.Dl4jModels;
import io.tapestream.benchmarks.step.StepModel.Rule;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** A model trained on one batch over and over by Deeplearning4j. */
final class Dl4jStep implements Step {
  private final NeuralNetwork network;
  private final MultiDataSet data;
  private final boolean single;

  Dl4jStep(StepModel kind, Rule rule, Examples examples) {
    this.network = kind.dl4j(rule == Rule.ADAM ? Dl4jModels.adam() : Dl4jModels.sgd());
    int n = examples.labels().length;
    INDArray numbers = Nd4j.createFromArray(examples.numbers()).reshape(shape(kind, n));
    this.single = !kind.hasIds();
    INDArray[] inputs =
        single
            ? new INDArray[] {numbers}
            : new INDArray[] {
              numbers,
              Nd4j.createFromArray(examples.ids())
                  .reshape(n, StepModel.FEATURES)
                  .castTo(DataType.INT32)
            };
    this.data = new MultiDataSet(inputs, new INDArray[] {labels(kind, examples.labels())});
  }

  /** Images are channels first there, and sequences have time last. */
  private static long[] shape(StepModel kind, int n) {
    int[] dims = kind.input().dims();
    return switch (dims.length) {
      case 3 -> new long[] {n, dims[2], dims[0], dims[1]};
      case 2 -> new long[] {n, dims[1], dims[0]};
      default -> new long[] {n, dims[0]};
    };
  }

  private static INDArray labels(StepModel kind, float[] labels) {
    if (kind.classes() == 2) {
      return Nd4j.createFromArray(labels).reshape(labels.length, 1);
    }
    INDArray oneHot = Nd4j.zeros(DataType.FLOAT, labels.length, kind.classes());
    for (int i = 0; i < labels.length; i++) {
      oneHot.putScalar(i, (long) labels[i], 1);
    }
    return oneHot;
  }

  @Override
  public void run() {
    if (single) {
      network.fit(new DataSet(data.getFeatures(0), data.getLabels(0)));
    } else {
      network.fit(data);
    }
  }
}
