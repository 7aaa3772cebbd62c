package io.tapestream.parameterserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.Course;
import io.tapestream.optimizers.Adam;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Gradient.Half;
import io.tapestream.parameterserver.Gradient.None;
import io.tapestream.parameterserver.Gradient.Rows;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Hello;
import io.tapestream.parameterserver.Message.Join;
import io.tapestream.parameterserver.Message.Leave;
import io.tapestream.parameterserver.Message.Lost;
import io.tapestream.parameterserver.Message.Part;
import io.tapestream.parameterserver.Message.Scale;
import io.tapestream.parameterserver.Message.Skip;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FormatsTest {

  private static final Header HEADER =
      new Header(2.5, 1.25, new double[] {1, 2}, new double[] {3, 4}, 7, 3);

  @Test
  void messagesComeBackAsTheyWereWritten() {
    float[] many = new float[20_001];
    for (int i = 0; i < many.length; i++) {
      many[i] = (float) Math.sin(i);
    }
    List<Message> messages =
        List.of(
            new Contribution(3, 2, 1L << 40, 99, new Dense(many), HEADER),
            new Contribution(
                3, 2, 5, 99, new Rows(-4, 2, new int[] {2, 9}, new float[] {1, 2, 3, 4}), HEADER),
            new Contribution(3, 2, 5, 99, new Half(-7, new short[] {1, -2, 0x7fff}), HEADER),
            new Contribution(3, 2, 5, 99, new None(), Header.NONE),
            new Part(3, 2, 1L << 40, new Half(-7, new short[] {1, -2, 0x7fff})),
            new Hello(1, 2, new UUID(3, -4)),
            new Scale(3, 1L << 41, 0.1),
            new Leave(1, 2, 3),
            new Join(4, 5, 6),
            new Skip(7, 8, 1L << 41, 1L << 42),
            new Lost(0, 8, 1L << 41, 1L << 42, 1L << 43));
    for (Message message : messages) {
      byte[] bytes = Formats.bytes(MessageFormat::write, message);
      Message read = Formats.read(MessageFormat::read, bytes);
      assertThat(read).usingRecursiveComparison().isEqualTo(message);
    }
  }

  @Test
  void weightsComeBackAsTheyWereWritten() {
    Weights weights =
        new Weights(3, 17, new long[] {4, 5}, new long[] {6, 7}, 16, new float[] {1, -0f, 3});
    byte[] bytes = Formats.bytes(ReplyFormat::write, weights);
    assertThat(Formats.read(ReplyFormat::read, bytes))
        .usingRecursiveComparison()
        .isEqualTo(weights);
  }

  @Test
  void aPartOfWeightsComesBackAsItWasWrittenAndHasTheSizeItSays() {
    WeightPart part = new WeightPart(3, 1L << 41, 1 << 30, new float[] {1, -0f, 3});
    byte[] bytes = Formats.bytes(ReplyFormat::write, part);
    assertThat(Formats.read(ReplyFormat::read, bytes)).usingRecursiveComparison().isEqualTo(part);
    assertThat(ReplyFormat.size(part)).isEqualTo(bytes.length);
  }

  @Test
  void aRoundSumComesBackAsItWasWrittenAndHasTheSizeItSays() {
    RoundSum sum = new RoundSum(3, 1L << 41, Math.PI);
    byte[] bytes = Formats.bytes(ReplyFormat::write, sum);
    assertThat(Formats.read(ReplyFormat::read, bytes)).isEqualTo(sum);
    assertThat(ReplyFormat.size(sum)).isEqualTo(bytes.length);
  }

  @Test
  void thatABlockHasStoppedComesBackAsItWasWrittenAndHasTheSizeItSays() {
    Stopped stopped = new Stopped(3, 1L << 41, 10, List.of(-1L, 1L << 42), 7);
    byte[] bytes = Formats.bytes(ReplyFormat::write, stopped);
    assertThat(Formats.read(ReplyFormat::read, bytes)).isEqualTo(stopped);
    assertThat(ReplyFormat.size(stopped)).isEqualTo(bytes.length);
  }

  @Test
  void longsThatAreCloseTakeAByteEachAndAllComeBack() {
    long[] clocks = {1_000_000, 1_000_000, 1_000_001, 999_999, 1_000_000};
    long[] extremes = {Long.MIN_VALUE, Long.MAX_VALUE, -1, 0, 1L << 62, 63, -64, 64, 8191, 8192};
    for (long[] array : List.of(clocks, extremes, new long[0])) {
      byte[] bytes = Formats.bytes(Payload::writeLongs, array);
      assertThat(Formats.read(Payload::readLongs, bytes)).isEqualTo(array);
      assertThat(Payload.size(array)).isEqualTo(bytes.length);
    }
    assertThat(Payload.size(clocks)).isEqualTo(4 + 3 + 4);
  }

  @Test
  void theSizeOfWeightsIsWhatIsWritten() {
    Weights weights =
        new Weights(3, 17, new long[] {400, 5}, new long[] {6, -7}, new float[] {1, 2, 3});
    assertThat(ReplyFormat.size(weights))
        .isEqualTo(Formats.bytes(ReplyFormat::write, weights).length);
  }

  @Test
  void r13SumAndHeldContributionsOfABlockInTheMiddleOfARoundComeBack() {
    ParameterServer server = new ParameterServer(new Adam(0.1), new Synchronous(), true);
    Block block = server.fresh(new BlockRange(1, 2, 5, true), new float[] {0, 0, 1, 2, 3}, 3);
    for (int vw = 0; vw < 3; vw++) {
      server.accept(block, contribution(vw, 0));
    }
    server.accept(block, contribution(0, 1)); // in the sum
    server.accept(block, contribution(2, 1)); // held

    block.stopped = true;
    block.firstRound = 5;

    Block restored = Formats.block(Formats.bytes(block));
    assertThat(restored).usingRecursiveComparison().ignoringFields("spares").isEqualTo(block);
    assertThat(block.copy()).usingRecursiveComparison().isEqualTo(block);

    block.stopped = false;
    restored.stopped = false;
    server.accept(block, contribution(1, 1));
    server.accept(restored, contribution(1, 1));
    assertThat(Formats.bytes(restored)).isEqualTo(Formats.bytes(block));
    assertThat(restored.round()).isEqualTo(2);
  }

  @Test
  void coursesComeBackAsTheyWereWritten() {
    List<Course> courses =
        List.of(
            Course.absent(7),
            new Course(
                9,
                12,
                true,
                List.of(new Course.Run(0, 1, 8), new Course.Run(3, 5, 2)),
                List.of(new Course.Gap(3, 1L << 40, 1L << 41))));
    byte[] bytes = Formats.bytes(CourseFormat::write, courses);
    assertThat(Formats.read(CourseFormat::read, bytes)).isEqualTo(courses);
  }

  @Test
  void aCopyDoesNotFollowItsOriginal() {
    ParameterServer server = new ParameterServer(new Adam(0.1), new Synchronous(), true);
    Block block = server.fresh(new BlockRange(1, 0, 3, true), new float[] {1, 2, 3}, 2);
    server.accept(block, contribution(1, 0));
    Block copy = block.copy();
    byte[] before = Formats.bytes(copy);
    for (long batch = 0; batch < 3; batch++) {
      server.accept(block, contribution(0, batch));
      server.accept(block, contribution(1, batch + 1));
    }

    assertThat(Formats.bytes(copy)).isEqualTo(before);
  }

  @Test
  void bytesOfAnUnknownVersionAreRefusedByName() {
    byte[] bytes = Formats.bytes(MessageFormat::write, new Leave(1, 2, 3));
    bytes[0] = 9;
    assertThatThrownBy(() -> Formats.read(MessageFormat::read, bytes))
        .hasMessageContaining("a message in format 9, but this build of Tapestream reads format 1");
  }

  private static Contribution contribution(int vw, long batch) {
    float[] gradient = {vw + batch + 1, 0.1f * vw, 1e8f};
    return new Contribution(1, vw, batch, 10 * batch, new Dense(gradient), HEADER);
  }
}
