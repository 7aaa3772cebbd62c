package io.tapestream.parameterserver.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Gradient.Half;
import io.tapestream.parameterserver.Gradient.Rows;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CompressionTest {

  private static final float[] NONE = {};

  @Test
  void withoutCompressionEveryBitArrives() {
    float[] gradient = {1, -0f, Float.MIN_VALUE};
    assertThat(((Dense) new None().compress(gradient, NONE, 0)).values()).isSameAs(gradient);
  }

  @Test
  void float16KeepsElevenBitsOfWhatIsNotFarBelowTheLargest() {
    Random random = new Random(1);
    for (float largest : new float[] {1e-30f, 3e-5f, 1, 7e6f, Float.MAX_VALUE}) {
      float[] gradient = new float[10_000];
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] =
            (float) (largest * Math.scalb(random.nextDouble() * 2 - 1, -random.nextInt(25)));
      }
      gradient[77] = largest;
      float[] sent = ((Half) new Float16().compress(gradient.clone(), NONE, 0)).floats();
      for (int i = 0; i < sent.length; i++) {
        double tolerance = Math.max(Math.abs(gradient[i]) / 2048, largest * 0x1p-38);
        assertThat((double) sent[i] - gradient[i])
            .as("%s", gradient[i])
            .isBetween(-tolerance, tolerance);
      }
    }
  }

  @Test
  void float16RoundsToTheNearestAndOfTwoToTheEvenOne() {
    assertThat(Half.round(1)).isEqualTo((short) 0x3c00);
    assertThat(Half.round(-2)).isEqualTo((short) 0xc000);
    assertThat(Half.round(1 + 0x1p-11f)).as("half way, down to even").isEqualTo((short) 0x3c00);
    assertThat(Half.round(1 + 3 * 0x1p-11f)).as("half way, up to even").isEqualTo((short) 0x3c02);
    assertThat(Half.round(1 + 0x1.1p-11f)).isEqualTo((short) 0x3c01);
    assertThat(Half.round(0x1p-24f)).as("the least of all").isEqualTo((short) 1);
    assertThat(Half.round(0x1p-25f)).as("half of it, to even").isEqualTo((short) 0);
    assertThat(Half.round(0x1p-14f - 0x1p-25f)).as("up to normal").isEqualTo((short) 0x400);
    assertThat(Half.round(-0f)).isEqualTo((short) 0x8000);
  }

  @Test
  void everyHalfComesBackFromItsFloat() {
    for (int bits = 0; bits <= 0x7800; bits++) { // up to 2¹⁵
      for (int sign : new int[] {0, 0x8000}) {
        short half = (short) (bits | sign);
        assertThat(Half.round(Half.value(half))).isEqualTo(half);
      }
    }
  }

  @Test
  void float16OfNothingIsNothing() {
    Half none = (Half) new Float16().compress(new float[3], NONE, 0);
    assertThat(none.floats()).containsExactly(0, 0, 0);
  }

  @Test
  void topkSendsTheLargestAndKeepsTheRestForLater() {
    float[] residual = {9, 0, 0, 0, 0, 9};
    Topk half = new Topk(0.5);
    Rows first = (Rows) half.compress(new float[] {1, -3, 0.5f, 2}, residual, 1);
    assertThat(first.rows()).containsExactly(1, 3);
    assertThat(first.values()).containsExactly(-3, 2);
    assertThat(residual).as("only the block's slice").containsExactly(9, 1, 0, 0.5f, 0, 9);

    Rows second = (Rows) half.compress(new float[] {1.5f, 0, 0.25f, 0.5f}, residual, 1);
    assertThat(second.rows()).containsExactly(0, 2);
    assertThat(second.values()).containsExactly(2.5f, 0.75f);
    assertThat(residual).containsExactly(9, 0, 0, 0, 0.5f, 9);
  }

  @Test
  void topkSendsTheFirstOfEqualOnesAndAtLeastOne() {
    Rows sent = (Rows) new Topk(0.01).compress(new float[] {-1, 1, 1}, new float[3], 0);
    assertThat(sent.rows()).containsExactly(0);
    sent = (Rows) new Topk(0.5).compress(new float[4], new float[4], 0);
    assertThat(sent.rows()).containsExactly(0, 1);
  }

  @Test
  void whatTopkSendsAndKeepsIsWhatItWasGiven() {
    Random random = new Random(2);
    float[] residual = new float[1_000];
    for (int round = 0; round < 20; round++) {
      float[] due = residual.clone();
      float[] gradient = new float[residual.length];
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] = (float) random.nextGaussian();
        due[i] = gradient[i] + due[i];
      }
      Rows sent = (Rows) new Topk(0.013).compress(gradient, residual, 0);
      assertThat(sent.rows()).hasSize(13).isSorted();
      float least = Float.MAX_VALUE;
      float[] together = residual.clone();
      for (int i = 0; i < sent.rows().length; i++) {
        assertThat(residual[sent.rows()[i]]).isZero();
        together[sent.rows()[i]] = sent.values()[i];
        least = Math.min(least, Math.abs(sent.values()[i]));
      }
      assertThat(together).isEqualTo(due);
      for (float kept : residual) {
        assertThat(Math.abs(kept)).isLessThanOrEqualTo(least);
      }
    }
  }

  @Test
  void aShareOfNothingIsRefused() {
    assertThatThrownBy(() -> new Topk(0)).hasMessageContaining("0.0");
    assertThatThrownBy(() -> new Topk(1.5)).hasMessageContaining("at most 1");
  }
}
