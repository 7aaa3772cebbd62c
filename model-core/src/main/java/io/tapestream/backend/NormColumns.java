package io.tapestream.backend;

import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * By what {@link Backend#normalize} normalizes k columns.
 *
 * @param mean (k)
 * @param variance (k)
 * @param gamma (k), or null for ones
 * @param beta (k), or null for zeros
 * @param epsilon that is added to the variance
 */
public record NormColumns(
    Tensor mean, Tensor variance, @Nullable Tensor gamma, @Nullable Tensor beta, double epsilon) {}
