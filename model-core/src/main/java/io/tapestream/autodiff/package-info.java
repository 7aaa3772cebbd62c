/**
 * Reverse-mode differentiation: a tape records what ops did, and plays their gradient rules
 * backwards. The rules themselves live with the ops.
 *
 * <p>A loop of one's own reads as in TensorFlow's guide:
 *
 * <pre>{@code
 * for (Batch batch : batches) {
 *   try (GradientTape tape = new GradientTape()) {
 *     Tensor logits = model.apply(batch.features(), Context.training(seed, 0, step));
 *     Tensor loss = Mean.of(SoftmaxCrossEntropy.of(logits, batch.labels()));
 *     List<Tensor> gradients = tape.gradient(loss, model.parameters().trainedVariables());
 *     ...
 *   }
 * }
 * }</pre>
 *
 * <p>What TensorFlow calls {@code persistent=True}, {@code watch}, {@code stop_recording}, {@code
 * jacobian}, {@code output_gradients} and {@code unconnected_gradients} is found at {@link
 * io.tapestream.autodiff.GradientTape}, {@code tf.custom_gradient} at {@link
 * io.tapestream.autodiff.CustomGradient}, {@code tf.stop_gradient} at {@code ops.StopGradient}. Two
 * things are stricter: a target of several elements needs its output gradients named (or a Sum),
 * and a target that does not depend on anything watched is an error unless {@link
 * io.tapestream.autodiff.UnconnectedGradients} are named.
 */
@NullMarked
package io.tapestream.autodiff;

import org.jspecify.annotations.NullMarked;
