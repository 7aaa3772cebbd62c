package io.tapestream.random;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhiloxTest {

  /**
   * The known answers for philox4x32 of 10 rounds that Random123 publishes (file kat_vectors):
   * counter, key, result.
   */
  @ParameterizedTest
  @CsvSource({
    "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
    "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1",
  })
  void matchesThePublishedAnswers(String counter, String key, String result) {
    int[] c = words(counter);
    int[] k = words(key);
    int[] actual = new int[4];
    Philox.block((k[0] & 0xFFFFFFFFL) | ((long) k[1] << 32), c[0], c[1], c[2], c[3], actual);
    assertThat(actual).isEqualTo(words(result));
  }

  private static int[] words(String text) {
    return Arrays.stream(text.split(" "))
        .mapToInt(word -> Integer.parseUnsignedInt(word, 16))
        .toArray();
  }

  @Test
  void numbersDoNotDependOnWhereAStretchStarts() {
    float[] whole = new float[103];
    float[] pieces = new float[103];
    Philox.uniform(9, 0, whole, 0, 103);
    Philox.uniform(9, 0, pieces, 0, 30);
    Philox.uniform(9, 30, pieces, 30, 73);
    assertThat(pieces).isEqualTo(whole);
    Philox.normal(9, 0, whole, 0, 103);
    Philox.normal(9, 0, pieces, 0, 51);
    Philox.normal(9, 51, pieces, 51, 52);
    assertThat(pieces).isEqualTo(whole);
  }

  @Test
  void uniformNumbersFillTheUnitInterval() {
    float[] numbers = new float[100_000];
    Philox.uniform(1234, 0, numbers, 0, numbers.length);
    double mean = 0;
    for (float number : numbers) {
      assertThat(number).isGreaterThanOrEqualTo(0f).isLessThan(1f);
      mean += number / numbers.length;
    }
    assertThat(mean).isBetween(0.495, 0.505);
  }

  @Test
  void normalNumbersHaveMeanZeroAndVarianceOne() {
    float[] numbers = new float[100_000];
    Philox.normal(77, 0, numbers, 0, numbers.length);
    double mean = 0;
    double square = 0;
    for (float number : numbers) {
      mean += number / numbers.length;
      square += (double) number * number / numbers.length;
    }
    assertThat(mean).isBetween(-0.02, 0.02);
    assertThat(square).isBetween(0.98, 1.02);
  }

  @Test
  void childKeysDiffer() {
    assertThat(
            new long[] {
              Philox.key(1, 0, 0), Philox.key(1, 0, 1), Philox.key(1, 1, 0), Philox.key(2, 0, 0)
            })
        .doesNotHaveDuplicates();
    assertThat(Philox.key(5, 6)).isEqualTo(Philox.key(5, 6, 0));
  }

  @Test
  void aWordKeepsItsElementFromTheBoundOn() {
    long bound = Philox.dropBound(0.5);
    assertThat(Philox.keeps(0x80000000, bound)).isTrue();
    assertThat(Philox.keeps(0x7FFFFFFF, bound)).isFalse();
    assertThat(Philox.keeps(0, Philox.dropBound(0))).isTrue();
  }
}
