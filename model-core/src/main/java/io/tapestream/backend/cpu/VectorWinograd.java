package io.tapestream.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The transforms of {@link VectorWinogradConvolution}, some channels of a tile in a vector. Each is
 * one flat loop of a method of its own: only so do its values stay in registers.
 */
final class VectorWinograd {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  static final int LANES = FLOATS.length();

  private VectorWinograd() {}

  private static FloatVector at(float[] from, int at) {
    return FloatVector.fromArray(FLOATS, from, at);
  }

  /**
   * Bᵀ d B of a row of tiles.
   *
   * @param pixels rows of {@code rowLength}, of which the tiles' first begins at {@code from}
   * @param offsets of each vector's first pixel in a row
   * @param places receives 16 places of {@code length} values
   */
  static void placeSource(
      float[] pixels,
      int from,
      int rowLength,
      int channels,
      int[] offsets,
      float[] places,
      int length) {
    for (int k = 0; k < offsets.length; k++) {
      int p = from + offsets[k];
      int q = p + rowLength;
      int r = q + rowLength;
      int s = r + rowLength;
      int to = k * LANES;
      FloatVector d00 = at(pixels, p);
      FloatVector d10 = at(pixels, q);
      FloatVector d20 = at(pixels, r);
      FloatVector d30 = at(pixels, s);
      FloatVector a00 = d00.sub(d20);
      FloatVector a10 = d10.add(d20);
      FloatVector a20 = d20.sub(d10);
      FloatVector a30 = d10.sub(d30);
      FloatVector d01 = at(pixels, p + channels);
      FloatVector d11 = at(pixels, q + channels);
      FloatVector d21 = at(pixels, r + channels);
      FloatVector d31 = at(pixels, s + channels);
      FloatVector a01 = d01.sub(d21);
      FloatVector a11 = d11.add(d21);
      FloatVector a21 = d21.sub(d11);
      FloatVector a31 = d11.sub(d31);
      FloatVector d02 = at(pixels, p + 2 * channels);
      FloatVector d12 = at(pixels, q + 2 * channels);
      FloatVector d22 = at(pixels, r + 2 * channels);
      FloatVector d32 = at(pixels, s + 2 * channels);
      FloatVector a02 = d02.sub(d22);
      FloatVector a12 = d12.add(d22);
      FloatVector a22 = d22.sub(d12);
      FloatVector a32 = d12.sub(d32);
      FloatVector d03 = at(pixels, p + 3 * channels);
      FloatVector d13 = at(pixels, q + 3 * channels);
      FloatVector d23 = at(pixels, r + 3 * channels);
      FloatVector d33 = at(pixels, s + 3 * channels);
      FloatVector a03 = d03.sub(d23);
      FloatVector a13 = d13.add(d23);
      FloatVector a23 = d23.sub(d13);
      FloatVector a33 = d13.sub(d33);
      a00.sub(a02).intoArray(places, to);
      a01.add(a02).intoArray(places, to + length);
      a02.sub(a01).intoArray(places, to + 2 * length);
      a01.sub(a03).intoArray(places, to + 3 * length);
      a10.sub(a12).intoArray(places, to + 4 * length);
      a11.add(a12).intoArray(places, to + 5 * length);
      a12.sub(a11).intoArray(places, to + 6 * length);
      a11.sub(a13).intoArray(places, to + 7 * length);
      a20.sub(a22).intoArray(places, to + 8 * length);
      a21.add(a22).intoArray(places, to + 9 * length);
      a22.sub(a21).intoArray(places, to + 10 * length);
      a21.sub(a23).intoArray(places, to + 11 * length);
      a30.sub(a32).intoArray(places, to + 12 * length);
      a31.add(a32).intoArray(places, to + 13 * length);
      a32.sub(a31).intoArray(places, to + 14 * length);
      a31.sub(a33).intoArray(places, to + 15 * length);
    }
  }

  /** A d Aᵀ of a row of tiles of 2×2; parameters as of {@link #placeSource}. */
  static void placeTarget(
      float[] pixels,
      int from,
      int rowLength,
      int channels,
      int[] offsets,
      float[] places,
      int length) {
    for (int k = 0; k < offsets.length; k++) {
      int p = from + offsets[k];
      int q = p + rowLength;
      int to = k * LANES;
      FloatVector a00 = at(pixels, p);
      FloatVector d10 = at(pixels, q);
      FloatVector a10 = a00.add(d10);
      FloatVector a20 = a00.sub(d10);
      FloatVector a30 = d10.neg();
      FloatVector a01 = at(pixels, p + channels);
      FloatVector d11 = at(pixels, q + channels);
      FloatVector a11 = a01.add(d11);
      FloatVector a21 = a01.sub(d11);
      FloatVector a31 = d11.neg();
      a00.intoArray(places, to);
      a00.add(a01).intoArray(places, to + length);
      a00.sub(a01).intoArray(places, to + 2 * length);
      a01.neg().intoArray(places, to + 3 * length);
      a10.intoArray(places, to + 4 * length);
      a10.add(a11).intoArray(places, to + 5 * length);
      a10.sub(a11).intoArray(places, to + 6 * length);
      a11.neg().intoArray(places, to + 7 * length);
      a20.intoArray(places, to + 8 * length);
      a20.add(a21).intoArray(places, to + 9 * length);
      a20.sub(a21).intoArray(places, to + 10 * length);
      a21.neg().intoArray(places, to + 11 * length);
      a30.intoArray(places, to + 12 * length);
      a30.add(a31).intoArray(places, to + 13 * length);
      a30.sub(a31).intoArray(places, to + 14 * length);
      a31.neg().intoArray(places, to + 15 * length);
    }
  }

  /**
   * Aᵀ m A of a row of tiles, with the bias and the activation.
   *
   * @param places 16 of {@code length} values
   * @param pixels receives two rows of {@code rowLength}
   */
  static void collectTarget(
      float[] places,
      int length,
      float[] bias,
      int channels,
      boolean relu,
      int[] offsets,
      float[] pixels,
      int rowLength) {
    float least = relu ? 0f : Float.NEGATIVE_INFINITY;
    for (int k = 0; k < offsets.length; k++) {
      int from = k * LANES;
      int to = offsets[k];
      FloatVector b = at(bias, from % channels);
      FloatVector m00 = at(places, from);
      FloatVector m01 = at(places, from + length);
      FloatVector m02 = at(places, from + 2 * length);
      FloatVector m03 = at(places, from + 3 * length);
      FloatVector a00 = m00.add(m01).add(m02);
      FloatVector a01 = m01.sub(m02).sub(m03);
      FloatVector m10 = at(places, from + 4 * length);
      FloatVector m11 = at(places, from + 5 * length);
      FloatVector m12 = at(places, from + 6 * length);
      FloatVector m13 = at(places, from + 7 * length);
      FloatVector a10 = m10.add(m11).add(m12);
      FloatVector a11 = m11.sub(m12).sub(m13);
      FloatVector m20 = at(places, from + 8 * length);
      FloatVector m21 = at(places, from + 9 * length);
      FloatVector m22 = at(places, from + 10 * length);
      FloatVector m23 = at(places, from + 11 * length);
      FloatVector a20 = m20.add(m21).add(m22);
      FloatVector a21 = m21.sub(m22).sub(m23);
      FloatVector m30 = at(places, from + 12 * length);
      FloatVector m31 = at(places, from + 13 * length);
      FloatVector m32 = at(places, from + 14 * length);
      FloatVector m33 = at(places, from + 15 * length);
      FloatVector a30 = m30.add(m31).add(m32);
      FloatVector a31 = m31.sub(m32).sub(m33);
      a00.add(a10).add(a20).add(b).max(least).intoArray(pixels, to);
      a10.sub(a20).sub(a30).add(b).max(least).intoArray(pixels, to + rowLength);
      a01.add(a11).add(a21).add(b).max(least).intoArray(pixels, to + channels);
      a11.sub(a21).sub(a31).add(b).max(least).intoArray(pixels, to + rowLength + channels);
    }
  }

  /** G g Gᵀ of {@code length} filters, element by element of a filter in both. */
  static void placeFilter(float[] filter, float[] placed, int length) {
    for (int to = 0; to < length; to += LANES) {
      FloatVector g00 = at(filter, to);
      FloatVector g10 = at(filter, to + 3 * length);
      FloatVector g20 = at(filter, to + 6 * length);
      FloatVector h0 = g00.add(g20);
      FloatVector a10 = h0.add(g10).mul(0.5f);
      FloatVector a20 = h0.sub(g10).mul(0.5f);
      FloatVector g01 = at(filter, to + length);
      FloatVector g11 = at(filter, to + 4 * length);
      FloatVector g21 = at(filter, to + 7 * length);
      FloatVector h1 = g01.add(g21);
      FloatVector a11 = h1.add(g11).mul(0.5f);
      FloatVector a21 = h1.sub(g11).mul(0.5f);
      FloatVector g02 = at(filter, to + 2 * length);
      FloatVector g12 = at(filter, to + 5 * length);
      FloatVector g22 = at(filter, to + 8 * length);
      FloatVector h2 = g02.add(g22);
      FloatVector a12 = h2.add(g12).mul(0.5f);
      FloatVector a22 = h2.sub(g12).mul(0.5f);
      FloatVector s0 = g00.add(g02);
      g00.intoArray(placed, to);
      s0.add(g01).mul(0.5f).intoArray(placed, to + length);
      s0.sub(g01).mul(0.5f).intoArray(placed, to + 2 * length);
      g02.intoArray(placed, to + 3 * length);
      FloatVector s1 = a10.add(a12);
      a10.intoArray(placed, to + 4 * length);
      s1.add(a11).mul(0.5f).intoArray(placed, to + 5 * length);
      s1.sub(a11).mul(0.5f).intoArray(placed, to + 6 * length);
      a12.intoArray(placed, to + 7 * length);
      FloatVector s2 = a20.add(a22);
      a20.intoArray(placed, to + 8 * length);
      s2.add(a21).mul(0.5f).intoArray(placed, to + 9 * length);
      s2.sub(a21).mul(0.5f).intoArray(placed, to + 10 * length);
      a22.intoArray(placed, to + 11 * length);
      FloatVector s3 = g20.add(g22);
      g20.intoArray(placed, to + 12 * length);
      s3.add(g21).mul(0.5f).intoArray(placed, to + 13 * length);
      s3.sub(g21).mul(0.5f).intoArray(placed, to + 14 * length);
      g22.intoArray(placed, to + 15 * length);
    }
  }

  /** Gᵀ u G of {@code length} filters. */
  static void collectFilter(float[] placed, float[] filter, int length) {
    for (int to = 0; to < length; to += LANES) {
      FloatVector u00 = at(placed, to);
      FloatVector u10 = at(placed, to + 4 * length);
      FloatVector u20 = at(placed, to + 8 * length);
      FloatVector u30 = at(placed, to + 12 * length);
      FloatVector p0 = u10.add(u20).mul(0.5f);
      FloatVector a00 = u00.add(p0);
      FloatVector a10 = u10.sub(u20).mul(0.5f);
      FloatVector a20 = p0.add(u30);
      FloatVector u01 = at(placed, to + length);
      FloatVector u11 = at(placed, to + 5 * length);
      FloatVector u21 = at(placed, to + 9 * length);
      FloatVector u31 = at(placed, to + 13 * length);
      FloatVector p1 = u11.add(u21).mul(0.5f);
      FloatVector a01 = u01.add(p1);
      FloatVector a11 = u11.sub(u21).mul(0.5f);
      FloatVector a21 = p1.add(u31);
      FloatVector u02 = at(placed, to + 2 * length);
      FloatVector u12 = at(placed, to + 6 * length);
      FloatVector u22 = at(placed, to + 10 * length);
      FloatVector u32 = at(placed, to + 14 * length);
      FloatVector p2 = u12.add(u22).mul(0.5f);
      FloatVector a02 = u02.add(p2);
      FloatVector a12 = u12.sub(u22).mul(0.5f);
      FloatVector a22 = p2.add(u32);
      FloatVector u03 = at(placed, to + 3 * length);
      FloatVector u13 = at(placed, to + 7 * length);
      FloatVector u23 = at(placed, to + 11 * length);
      FloatVector u33 = at(placed, to + 15 * length);
      FloatVector p3 = u13.add(u23).mul(0.5f);
      FloatVector a03 = u03.add(p3);
      FloatVector a13 = u13.sub(u23).mul(0.5f);
      FloatVector a23 = p3.add(u33);
      FloatVector s0 = a01.add(a02).mul(0.5f);
      a00.add(s0).intoArray(filter, to);
      a01.sub(a02).mul(0.5f).intoArray(filter, to + length);
      s0.add(a03).intoArray(filter, to + 2 * length);
      FloatVector s1 = a11.add(a12).mul(0.5f);
      a10.add(s1).intoArray(filter, to + 3 * length);
      a11.sub(a12).mul(0.5f).intoArray(filter, to + 4 * length);
      s1.add(a13).intoArray(filter, to + 5 * length);
      FloatVector s2 = a21.add(a22).mul(0.5f);
      a20.add(s2).intoArray(filter, to + 6 * length);
      a21.sub(a22).mul(0.5f).intoArray(filter, to + 7 * length);
      s2.add(a23).intoArray(filter, to + 8 * length);
    }
  }
}
