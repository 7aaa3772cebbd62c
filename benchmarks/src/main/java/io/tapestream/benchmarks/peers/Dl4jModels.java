package io.tapestream.benchmarks.peers;

import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The models that are compared, on Deeplearning4j, which shares Tapestream's ND4J. */
public final class Dl4jModels {

  private Dl4jModels() {}

  /** Adam at the rate that all sides use. */
  public static IUpdater adam() {
    return new Adam(DjlTrainer.LEARNING_RATE);
  }

  /** Plain gradient descent at the rate that all sides use. */
  public static IUpdater sgd() {
    return new Sgd(DjlTrainer.LEARNING_RATE);
  }

  /** 256 and 128 hidden units with ReLU, ten classes. */
  public static NeuralNetwork perceptron(IUpdater updater, int features) {
    return network(
        settings(updater)
            .list()
            .layer(dense(256))
            .layer(dense(128))
            .layer(classes())
            .setInputType(InputType.feedForward(features)));
  }

  /** LeNet-5 with ReLU and average pooling on (1, 28, 28) images, ten classes. */
  public static NeuralNetwork leNet(IUpdater updater) {
    return network(
        settings(updater)
            .list()
            .layer(convolution(6, 5, 2, Activation.RELU))
            .layer(pooling(SubsamplingLayer.PoolingType.AVG))
            .layer(convolution(16, 5, 0, Activation.RELU))
            .layer(pooling(SubsamplingLayer.PoolingType.AVG))
            .layer(dense(120))
            .layer(dense(84))
            .layer(classes())
            .setInputType(InputType.convolutional(28, 28, 1)));
  }

  /** Two convolutions of 32 and 64 channels, each normalised, on (3, 32, 32) images. */
  public static NeuralNetwork convolutional(IUpdater updater) {
    return network(
        settings(updater)
            .list()
            .layer(convolution(32, 3, 1, Activation.IDENTITY))
            .layer(new BatchNormalization.Builder().activation(Activation.RELU).build())
            .layer(pooling(SubsamplingLayer.PoolingType.MAX))
            .layer(convolution(64, 3, 1, Activation.IDENTITY))
            .layer(new BatchNormalization.Builder().activation(Activation.RELU).build())
            .layer(pooling(SubsamplingLayer.PoolingType.MAX))
            .layer(classes())
            .setInputType(InputType.convolutional(32, 32, 3)));
  }

  /** An LSTM of 128 units over 64 steps of 64 values, (n, 64, time), to ten classes. */
  public static NeuralNetwork recurrent(IUpdater updater) {
    return network(
        settings(updater)
            .list()
            .layer(new LastTimeStep(new LSTM.Builder().nOut(128).build()))
            .layer(classes())
            .setInputType(InputType.recurrent(64, 64)));
  }

  /**
   * A linear part on numbers beside a perceptron on numbers and embedded ids.
   *
   * @param rows of the one table that holds the rows of all features
   */
  public static ComputationGraph wideAndDeep(
      IUpdater updater, int numbers, int ids, int rows, int width) {
    ComputationGraph graph =
        new ComputationGraph(
            settings(updater)
                .graphBuilder()
                .addInputs("numbers", "ids")
                .addLayer(
                    "table",
                    new EmbeddingSequenceLayer.Builder()
                        .nIn(rows)
                        .nOut(width)
                        .inputLength(ids)
                        .build(),
                    "ids")
                .addVertex("flat", new ReshapeVertex(-1, ids * width), "table")
                .addVertex("all", new MergeVertex(), "numbers", "flat")
                .addLayer("deep1", dense(numbers + ids * width, 256), "all")
                .addLayer("deep2", dense(256, 128), "deep1")
                .addVertex("last", new MergeVertex(), "numbers", "deep2")
                .addLayer(
                    "logit",
                    new OutputLayer.Builder(LossFunction.XENT)
                        .activation(Activation.SIGMOID)
                        .nIn(numbers + 128)
                        .nOut(1)
                        .build(),
                    "last")
                .setOutputs("logit")
                .build());
    graph.init();
    return graph;
  }

  private static NeuralNetConfiguration.Builder settings(IUpdater updater) {
    return new NeuralNetConfiguration.Builder().dataType(DataType.FLOAT).seed(1).updater(updater);
  }

  private static MultiLayerNetwork network(NeuralNetConfiguration.ListBuilder layers) {
    MultiLayerNetwork network = new MultiLayerNetwork(layers.build());
    network.init();
    return network;
  }

  private static DenseLayer dense(int units) {
    return new DenseLayer.Builder().nOut(units).activation(Activation.RELU).build();
  }

  private static DenseLayer dense(int inputs, int units) {
    return new DenseLayer.Builder().nIn(inputs).nOut(units).activation(Activation.RELU).build();
  }

  private static OutputLayer classes() {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(10)
        .build();
  }

  private static ConvolutionLayer convolution(
      int filters, int kernel, int padding, Activation activation) {
    return new ConvolutionLayer.Builder(kernel, kernel)
        .nOut(filters)
        .padding(padding, padding)
        .activation(activation)
        .build();
  }

  private static SubsamplingLayer pooling(SubsamplingLayer.PoolingType type) {
    return new SubsamplingLayer.Builder(type).kernelSize(2, 2).stride(2, 2).build();
  }
}
