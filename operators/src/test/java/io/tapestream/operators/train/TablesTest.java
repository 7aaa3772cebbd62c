package io.tapestream.operators.train;

import static io.tapestream.operators.train.CountingJob.PARTITION;
import static io.tapestream.operators.train.CountingJob.example;
import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.clipping.ClipByGlobalNorm;
import io.tapestream.clipping.Clipping;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Embedding;
import io.tapestream.models.Model;
import io.tapestream.operators.GradientSettings;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.metrics.WireBytes;
import io.tapestream.operators.server.ServerTypes;
import io.tapestream.operators.source.MiniBatch;
import io.tapestream.operators.source.RawRecord;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.ops.Add;
import io.tapestream.ops.Concat;
import io.tapestream.ops.Reshape;
import io.tapestream.ops.Slice;
import io.tapestream.optimizers.Adagrad;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Gradient;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.RoundClipping;
import io.tapestream.parameterserver.compression.Compression;
import io.tapestream.parameterserver.compression.Float16;
import io.tapestream.parameterserver.compression.None;
import io.tapestream.parameterserver.compression.Topk;
import io.tapestream.parameterserver.consistency.Synchronous;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A wide and deep model in a job: of its tables go up the rows that a batch names. */
class TablesTest {

  private static final int IDS = 3;
  private static final int ROWS = 2_000;
  private static final int WIDTH = 10;
  private static final int EXAMPLES = 4;
  private static final int ROUNDS = 4;
  private static final int WORKERS = 2;

  /** x: three ids and two numbers. */
  public static final class WideAndDeep extends Model {
    private final Dense numbers = new Dense(3);
    private final Embedding[] deep = tables(WIDTH);
    private final Embedding[] wide = tables(1);
    private final Dense hidden = new Dense(8);
    private final Dense output = new Dense(1);

    private static Embedding[] tables(int width) {
      Embedding[] tables = new Embedding[IDS];
      Arrays.setAll(tables, i -> new Embedding(ROWS, width));
      return tables;
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      int n = x.dim(0);
      List<Tensor> features = new ArrayList<>();
      features.add(numbers.apply(Slice.of(x, 1, IDS, IDS + 2), context));
      Tensor logit = null;
      for (int i = 0; i < IDS; i++) {
        Tensor id = Slice.of(x, 1, i, i + 1);
        features.add(Reshape.of(deep[i].apply(id, context), Shape.of(n, WIDTH)));
        Tensor weight = Reshape.of(wide[i].apply(id, context), Shape.of(n, 1));
        logit = logit == null ? weight : Add.of(logit, weight);
      }
      Tensor high = output.apply(hidden.apply(Concat.of(1, features), context), context);
      return Add.of(high, Objects.requireNonNull(logit));
    }
  }

  private static final int SIZE = size();

  private static int size() {
    try (Model model = model()) {
      return model.parameters().size();
    }
  }

  private static Model model() {
    Model model = new WideAndDeep();
    model.build(Shape.of(CountingJob.INPUTS), 1);
    return model;
  }

  private static float[] start() {
    try (Model model = model()) {
      return model.parameters().values().toFloats();
    }
  }

  private static TrainingSettings settings(
      int blockFloats, Clipping clipping, Compression compression) {
    return CountingJob.settings(
        "{\"type\": \"%s\"}".formatted(WideAndDeep.class.getName()),
        "MeanSquaredError",
        BlockLayout.ofElements(SIZE, SIZE, blockFloats),
        new GradientSettings(1e18, Long.MAX_VALUE, clipping, compression, null));
  }

  private static MiniBatch batch(int virtualWorker, long index) {
    SplittableRandom random = new SplittableRandom(31 * index + virtualWorker);
    List<RawRecord> records = new ArrayList<>();
    for (int i = 0; i < EXAMPLES; i++) {
      float[] x = new float[CountingJob.INPUTS];
      for (int k = 0; k < IDS; k++) {
        x[k] = random.nextInt(3) == 0 ? 7 : random.nextInt(ROWS); // one that all like
      }
      x[IDS] = (float) random.nextDouble(-1, 1);
      x[IDS + 1] = 1;
      records.add(example(index * EXAMPLES + i, 1 + i % 2, x));
    }
    return new MiniBatch(
        virtualWorker, PARTITION, index, index, records, (index + 1) * EXAMPLES, false);
  }

  @ParameterizedTest(name = "{0} shards, blocks of {1}, {2}")
  @CsvSource({
    "1, 100000, Adam, false",
    "1, 4096, Adam, false",
    "2, 1000, Adam, true",
    "3, 333, Adagrad, false",
    "2, 4096, Adagrad, true"
  })
  void i2RowsOfTablesGiveTheBitsOfWholeGradientsOnAnyNumberOfShards(
      int shards, int blockFloats, String name, boolean clipped) {
    Optimizer optimizer = name.equals("Adam") ? new Adam(0.1) : new Adagrad(0.5);
    float[] rows = weights(shards, blockFloats, optimizer, clipped, new None());

    assertThat(rows).isEqualTo(weights(1, blockFloats, optimizer, clipped, new Whole()));
    if (!clipped) { // the norm of a round is added up block by block
      assertThat(rows).isEqualTo(weights(1, SIZE, optimizer, clipped, new Whole()));
    }
    assertThat(rows).isNotEqualTo(start());
  }

  /** Takes any number of bytes: a number for each value of a block. */
  private record Whole() implements Compression {
    @Override
    public Gradient compress(float[] gradient, float[] residual, int from) {
      return new Gradient.Dense(gradient);
    }

    @Override
    public int bytes(int length) {
      return 0;
    }

    @Override
    public boolean keepsResidual() {
      return false;
    }
  }

  /** After some rounds of two virtual workers; a clipped one by batch and by round. */
  private static float[] weights(
      int shards, int blockFloats, Optimizer optimizer, boolean clipped, Compression compression) {
    Clipping clipping = clipped ? new ClipByGlobalNorm(0.5) : Clipping.NONE;
    TrainingSettings settings = settings(blockFloats, clipping, compression);
    BlockLayout layout = settings.server().layout();
    List<ParameterServer> servers = new ArrayList<>();
    for (int shard = 0; shard < shards; shard++) {
      servers.add(new ParameterServer(optimizer, new Synchronous(), true, 9, clipped));
    }
    WeightReplica replica = new WeightReplica(layout, new Synchronous());
    List<Block> blocks = new ArrayList<>();
    for (BlockRange range : layout.blocks()) {
      Block block = servers.get(range.index() % shards).fresh(range, start(), WORKERS);
      replica.receive(block.weights());
      blocks.add(block);
    }
    try (MiniBatchTrainer trainer = open(settings, replica)) {
      for (int round = 0; round < ROUNDS; round++) {
        List<Message> sent = new ArrayList<>();
        for (int worker = WORKERS - 1; worker >= 0; worker--) {
          trainer.train(batch(worker, round), sent::add);
        }
        for (Message message : sent) {
          ParameterServer server = servers.get(message.block() % shards);
          server
              .accept(blocks.get(message.block()), (Contribution) message)
              .ifPresent(replica::receive);
        }
        if (clipped) {
          scale(servers, blocks, round, replica);
        }
      }
    }
    float[] weights = new float[SIZE];
    replica
        .cursor()
        .copyTo((to, values, from, n) -> System.arraycopy(values, from, weights, to, n));
    return weights;
  }

  private static void scale(
      List<ParameterServer> servers, List<Block> blocks, long round, WeightReplica replica) {
    double[] squares =
        blocks.stream().mapToDouble(b -> servers.get(0).roundSum(b).squares()).toArray();
    double factor = new RoundClipping(0.05).factor(squares);
    assertThat(factor).isLessThan(1);
    for (Block block : blocks) {
      int index = block.range().index();
      servers
          .get(index % servers.size())
          .accept(block, new Message.Scale(index, round, factor))
          .ifPresent(replica::receive);
    }
  }

  @Test
  void bytesUpAreASmallFractionOfTheParameters() throws Exception {
    int blocks = 0;
    var serializer = new ServerTypes.MessageSerializer();
    DataOutputSerializer wire = new DataOutputSerializer(64);
    long before = WireBytes.take();
    for (Contribution sent : sent(4096, new None())) {
      serializer.serialize(sent, wire);
      blocks++;
    }
    assertThat(before).isZero();
    assertThat(WireBytes.take()).isLessThan(SIZE * Float.BYTES / 50);
    assertThat(blocks).isEqualTo((SIZE + 4095) / 4096);
  }

  @Test
  void aBlockOfATableCarriesItsRowsAndOneThatIsCutThroughARowFinerOnes() {
    List<Contribution> whole = sent(1_000 * WIDTH, new None());
    BlockLayout layout = BlockLayout.ofElements(SIZE, SIZE, 1_000 * WIDTH);
    for (Contribution contribution : whole) {
      int values = layout.block(contribution.block()).length();
      var rows = (Gradient.Rows) contribution.gradient();
      assertThat(rows.origin()).isBetween(0, rows.width() - 1);
      for (int row : rows.rows()) {
        assertThat(rows.origin() + (row + 1) * rows.width()).isLessThanOrEqualTo(values);
      }
    }
    assertThat(whole)
        .extracting(contribution -> ((Gradient.Rows) contribution.gradient()).width())
        .contains(WIDTH, 1);
  }

  @Test
  void halfPrecisionIsForBlocksWhoseRowsWouldTakeMoreBytes() {
    List<Contribution> halves = sent(64, new Float16());
    assertThat(halves.get(halves.size() - 1).gradient())
        .as("layers")
        .isInstanceOf(Gradient.Half.class);
    assertThat(halves.get(halves.size() / 2).gradient()).isInstanceOf(Gradient.Rows.class);
  }

  @Test
  void whatCompressionOwesMayLieInAnyRowSoItTakesBlocksWhole() {
    for (Contribution contribution : sent(4096, new Topk(0.25))) {
      var rows = (Gradient.Rows) contribution.gradient();
      assertThat(rows.width()).isEqualTo(1);
      if (contribution.block() < SIZE / 4096) {
        assertThat(rows.rows()).hasSize(1024);
      }
    }
  }

  /** Of a first batch. */
  private static List<Contribution> sent(int blockFloats, Compression compression) {
    TrainingSettings settings = settings(blockFloats, Clipping.NONE, compression);
    WeightReplica replica = new WeightReplica(settings.server().layout(), new Synchronous());
    ParameterServer server = new ParameterServer(new Adam(), new Synchronous(), true);
    for (BlockRange range : settings.server().layout().blocks()) {
      replica.receive(server.fresh(range, start(), 1).weights());
    }
    List<Contribution> sent = new ArrayList<>();
    try (MiniBatchTrainer trainer = open(settings, replica)) {
      trainer.train(batch(0, 0), message -> sent.add((Contribution) message));
    }
    return sent;
  }

  private static MiniBatchTrainer open(TrainingSettings settings, WeightReplica replica) {
    return new MiniBatchTrainer(
        settings,
        TablesTest.class.getClassLoader(),
        replica,
        () -> 0,
        (staleness, decode, load, forward, backward, push) -> {});
  }
}
