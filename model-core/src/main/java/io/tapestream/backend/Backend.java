package io.tapestream.backend;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The primitives that tensors are computed with. One backend is chosen per process (see {@link
 * Backends}); each passes the same contract suite.
 *
 * <h2>What holds for every primitive</h2>
 *
 * <ul>
 *   <li>Results are written into outputs that the caller has allocated with the right shape;
 *       nothing is allocated per call after the first one with the same tensors. What a backend
 *       wants to keep between calls it {@linkplain Tensor#attach attaches} to the output.
 *   <li>The caller (an op) has checked shapes and types, with an error that names the op. A backend
 *       may rely on that.
 *   <li>All floating tensors of one call have the same type, one that the backend {@link
 *       #supports}.
 *   <li>{@code accumulate}: true adds the result to what is in the output, false overwrites it.
 *       Where several results have one, each has its own.
 *   <li>An output may be the same tensor as an input only where "in place" is written. Otherwise
 *       they don't overlap.
 *   <li>What draws takes a {@code long key} and after it the {@code int} index of its first row:
 *       when a captured step is repeated, both are those of the new step.
 *   <li>Tensors with no elements are allowed; there is nothing to do for them (a reduction of
 *       nothing is 0, its maximum −∞).
 *   <li>Calls may come from several threads at once, on disjoint outputs. Each call runs on its
 *       caller's thread alone, so that the bits of a result depend on its inputs only, and never on
 *       the number of cores.
 * </ul>
 *
 * <p>Notation: {@code (n, k)} is a shape; images are {@code (n, height, width, channels)} and
 * filters {@code (height, width, in, out)}, as in Keras. "Rows" are the last axis's vectors: a
 * tensor of shape (…, k) has size/k rows.
 */
public interface Backend {

  /** The name it is chosen by, such as {@code cpu}. */
  String name();

  /** Whether its primitives compute in this floating type. */
  boolean supports(DType dtype);

  // Elements

  /** {@code out = value}, every element; any type. */
  void fill(Tensor out, double value);

  /**
   * {@code out = in}; the same size, any type, converted if the types differ (towards zero from
   * floating to integer; NaN becomes the least integer, which no index is).
   */
  void copy(Tensor in, Tensor out);

  /**
   * {@code out = op(a, b)}, element by element; out has the shape that a and b broadcast to
   * (NumPy's rules). In place: out may be a or b if it has their shape.
   */
  void binary(Binary op, Tensor a, Tensor b, Tensor out, boolean accumulate);

  /**
   * {@code out = factor · x}, where x broadcasts to out's shape (so this is also the gradient of
   * {@link #sum}). In place if the shapes are equal.
   */
  void scale(double factor, Tensor x, Tensor out, boolean accumulate);

  /** {@code y = op(x)}, element by element, the same shape. In place. */
  void unary(Unary op, Tensor x, Tensor y);

  /**
   * {@code dx = dy · op′(x)}, all of one shape; x and y are the input and the output of {@link
   * #unary}. In place: dx may be dy.
   */
  void unaryGradient(Unary op, Tensor x, Tensor y, Tensor dy, Tensor dx, boolean accumulate);

  /** {@code y = min(max(x, low), high)}, the same shape; a NaN stays one. In place. */
  void clip(Tensor x, double low, double high, Tensor y);

  /** {@code dx = dy} where {@code low ≤ x ≤ high}, else 0; all of one shape. */
  void clipGradient(Tensor x, double low, double high, Tensor dy, Tensor dx, boolean accumulate);

  /**
   * {@code y = ceiling} where {@code x ≥ ceiling}, else {@code x} where {@code x ≥ threshold}, else
   * {@code slope · (x − threshold)}; the same shape; a NaN stays one. In place.
   *
   * @param ceiling at least threshold; ∞ for none
   */
  void rectify(Tensor x, double slope, double threshold, double ceiling, Tensor y);

  /**
   * {@code dx = 0} where {@code x ≥ ceiling}, else {@code dy} where {@code x > threshold}, else
   * {@code slope · dy}; all of one shape.
   */
  void rectifyGradient(
      Tensor x,
      double slope,
      double threshold,
      double ceiling,
      Tensor dy,
      Tensor dx,
      boolean accumulate);

  // Layers' mathematics

  /**
   * {@code out = op(a) · op(b)}, where op transposes if asked for: a is (m, k) or, transposed, (k,
   * m); b is (k, n) or, transposed, (n, k); out is (m, n). With k = 0 the product is 0.
   */
  void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out, boolean accumulate);

  /** {@code y = activation(z + bias)}: z and y (…, k), bias (k). In place: y may be z. */
  void biasActivation(Tensor z, Tensor bias, Activation activation, Tensor y);

  /**
   * The gradient of {@link #biasActivation}: {@code dz = dy · activation′}, with the derivative
   * taken from the output y, and {@code dbias = Σ dz} over the rows. y, dy and dz (…, k), dbias (k)
   * or null if nobody asks for it. dz is overwritten; only dbias accumulates. In place: dz may be
   * dy. Sums run over rows in order.
   */
  void biasActivationGradient(
      Activation activation,
      Tensor y,
      Tensor dy,
      Tensor dz,
      @Nullable Tensor dbias,
      boolean accumulateBias);

  // Rows

  /**
   * {@code y = eˣ / Σ eˣ} over each row, computed from x less the row's maximum; x and y (…, k). In
   * place.
   */
  void softmax(Tensor x, Tensor y);

  /** {@code dx = y · (dy − Σ dy·y)} over each row; all (…, k), y the output of {@link #softmax}. */
  void softmaxGradient(Tensor y, Tensor dy, Tensor dx, boolean accumulate);

  /**
   * {@code y = x − ln Σ eˣ} over each row, computed from x less the row's maximum; x and y (…, k).
   * In place.
   */
  void logSoftmax(Tensor x, Tensor y);

  /** {@code dx = dy − eʸ · Σ dy} over each row; all (…, k), y the output of {@link #logSoftmax}. */
  void logSoftmaxGradient(Tensor y, Tensor dy, Tensor dx, boolean accumulate);

  /**
   * {@code losses = −Σ labels · logSoftmax(logits)} over each row, in nats, and {@code
   * probabilities = softmax(logits)} for the gradient.
   *
   * @param logits (n, k)
   * @param labels either (n), the class of each row as an integer of any type, or (n, k), a
   *     distribution over the classes of the logits' type
   * @param losses (n), overwritten
   * @param probabilities (n, k), overwritten
   * @throws IllegalArgumentException if a class lies outside 0 … k−1, naming the row and the class
   */
  void softmaxCrossEntropy(Tensor logits, Tensor labels, Tensor losses, Tensor probabilities);

  /**
   * {@code dlogits = dlosses · (probabilities · Σ labels − labels)}, each row by its own dloss; a
   * class label counts as a row that is 1 there and 0 elsewhere. Shapes as in {@link
   * #softmaxCrossEntropy}; dlosses (n).
   */
  void softmaxCrossEntropyGradient(
      Tensor probabilities, Tensor labels, Tensor dlosses, Tensor dlogits, boolean accumulate);

  /**
   * {@code losses = max(z, 0) − z·t + ln(1 + e^−|z|)}, the binary cross-entropy of sigmoid(z)
   * against t, in nats, per element; all of one shape.
   */
  void sigmoidCrossEntropy(Tensor logits, Tensor labels, Tensor losses);

  /** {@code dlogits = dlosses · (sigmoid(logits) − labels)}; all of one shape. */
  void sigmoidCrossEntropyGradient(
      Tensor logits, Tensor labels, Tensor dlosses, Tensor dlogits, boolean accumulate);

  /**
   * {@code out[i, indices[i]] = 1}, else 0.
   *
   * @param indices (…) of n integers, of any type
   * @param out (…, k), floating
   * @throws IllegalArgumentException if an index lies outside 0 … k−1, naming the row and the index
   */
  void oneHot(Tensor indices, Tensor out);

  /**
   * {@code out[i] = table[ids[i]]}, whole rows.
   *
   * @param table (rows, width)
   * @param ids INT64 (…) of n ids
   * @param out (…, width)
   * @throws IllegalArgumentException if an id lies outside 0 … rows−1, naming its position and the
   *     id
   */
  void gatherRows(Tensor table, Tensor ids, Tensor out);

  /**
   * {@code table[ids[i]] += rows[i]}, in the order of i, so that an id may repeat; shapes as in
   * {@link #gatherRows}.
   */
  void scatterAddRows(Tensor ids, Tensor rows, Tensor table);

  /**
   * {@code table[ids[i]] = rows[i]}, in the order of i; shapes as in {@link #gatherRows}.
   *
   * @throws IllegalArgumentException if an id is no row of the table, naming it
   */
  void setRows(Tensor ids, Tensor rows, Tensor table);

  // Reductions

  /**
   * {@code out = factor · Σ x} over every axis along which out's shape, aligned with x's at the
   * last axis, has length 1 or is missing. The other lengths are equal. So out (1, k) or (k) sums
   * the rows of x (n, k), out (n, 1) sums its columns, and out () sums everything; this is also the
   * gradient of broadcasting out's shape to x's. If nothing is summed it is a scaled copy.
   */
  void sum(double factor, Tensor x, Tensor out, boolean accumulate);

  /**
   * {@code Σ x²} over all elements of a floating tensor, in double: the same bits on every machine
   * and wherever x lies. An element that isn't finite makes it so.
   */
  double squares(Tensor x);

  /** {@code out = max x}, over the axes that {@link #sum} would sum. */
  void max(Tensor x, Tensor out);

  /** The index of each row's largest element, the first of equals: x (…, k), out INT64 (…). */
  void argmax(Tensor x, Tensor out);

  // Rearranging

  /**
   * {@code out[i_axes[0], i_axes[1], …] = x[i_0, i_1, …]}: out's axis j is x's axis {@code
   * axes[j]}; any type.
   */
  void permute(Tensor x, int[] axes, Tensor out, boolean accumulate);

  /**
   * Copies {@code length} indices along one axis: {@code out[…, outFrom + i, …] = x[…, xFrom + i,
   * …]}. The other axes are equal; the rest of out is left alone. Concatenation, splitting and
   * their gradients are made of it.
   */
  void copyRange(
      Tensor x, int xFrom, Tensor out, int outFrom, int axis, int length, boolean accumulate);

  // Normalization

  /**
   * The mean μ and the variance σ² (over n, not n − 1) of each column of x (…, k): mean and
   * variance (k), overwritten. x has at least one row.
   */
  void moments(Tensor x, Tensor mean, Tensor variance);

  /**
   * {@code y = gamma · x̂ + beta} with {@code x̂ = (x − μ) / √(σ² + epsilon)}, each column by
   * itself; x and y (…, k), the others (k).
   *
   * @param gamma null for ones
   * @param beta null for zeros
   */
  void normalize(
      Tensor x,
      Tensor mean,
      Tensor variance,
      @Nullable Tensor gamma,
      @Nullable Tensor beta,
      double epsilon,
      Tensor y);

  /**
   * {@code dgamma = Σ dy · x̂} and {@code dbeta = Σ dy} over the rows, overwritten: the gradient of
   * {@link #normalize} for its parameters, and what that for x is made of.
   */
  void normalizeSums(
      Tensor x,
      Tensor mean,
      Tensor variance,
      double epsilon,
      Tensor dy,
      Tensor dgamma,
      Tensor dbeta);

  /**
   * The gradient of {@link #normalize} for an x of n rows whose {@link #moments} mean and variance
   * are: {@code dx = gamma / √(σ² + epsilon) · (dy − dbeta/n − x̂ · dgamma/n)}.
   *
   * @param dgamma from {@link #normalizeSums}
   * @param dbeta from {@link #normalizeSums}
   */
  void normalizeGradient(
      Tensor x,
      Tensor mean,
      Tensor variance,
      @Nullable Tensor gamma,
      double epsilon,
      Tensor dy,
      Tensor dgamma,
      Tensor dbeta,
      Tensor dx,
      boolean accumulate);

  /**
   * {@code y = gamma · x̂ + beta} with {@code x̂ = (x − μ) · scale} and {@code scale = 1 / √(σ² +
   * epsilon)}, where μ and σ² are those of each row; x and y (…, k), gamma and beta (k) or null.
   *
   * @param mean one per row, overwritten
   * @param scale one per row, overwritten
   */
  void normalizeRows(
      Tensor x,
      @Nullable Tensor gamma,
      @Nullable Tensor beta,
      double epsilon,
      Tensor y,
      Tensor mean,
      Tensor scale);

  /**
   * The gradient of {@link #normalizeRows} for x: {@code dx = scale · (g − Σg/k − x̂ · Σ(g·x̂)/k)}
   * over each row, with {@code g = gamma · dy}.
   */
  void normalizeRowsGradient(
      Tensor x,
      Tensor mean,
      Tensor scale,
      @Nullable Tensor gamma,
      Tensor dy,
      Tensor dx,
      boolean accumulate);

  /**
   * {@code dgamma = Σ dy · x̂} over the rows, each normalized by its own mean and scale; dgamma
   * (k). The gradient for beta is {@link #sum}'s.
   */
  void normalizeRowsSums(
      Tensor x, Tensor mean, Tensor scale, Tensor dy, Tensor dgamma, boolean accumulate);

  // Recurrence

  /**
   * A long short-term memory over a sequence. With {@code z = (x | h) · (w over u) + bias} in each
   * step, h that of the step before, and {@code i, f, o} under the recurrent activation, {@code g}
   * under the other: {@code c = f · c + i · g; h = o · activation(c)}.
   *
   * @param x (n, steps, in), at least one step
   * @param w (in, 4u), the columns of i, f, g and o side by side
   * @param u (u, 4u)
   * @param bias (4u), or null for none
   * @param h0 h before the first step, (n, u)
   * @param c0 c before the first step, (n, u)
   * @param memory overwritten by what the gradient needs
   * @param y (steps + 1, n, u), overwritten by h by time and, behind it, the last c
   */
  void lstm(
      Tensor x,
      Tensor w,
      Tensor u,
      @Nullable Tensor bias,
      Tensor h0,
      Tensor c0,
      Activation recurrent,
      Activation activation,
      LstmMemory memory,
      Tensor y);

  /**
   * The gradient of {@link #lstm}, but for the products of all steps at once: those of w and u are
   * the inputs' transpose times {@code dz}, that of x is {@code dz · wᵀ}.
   *
   * @param u (u, 4u)
   * @param c0 c before the first step, (n, u)
   * @param memory as {@code lstm} left it
   * @param dy the gradient of y, (steps + 1, n, u)
   * @param dz that of z, (steps, n, 4u), overwritten
   * @param dbias that of the bias, (4u), overwritten; null if nobody wants it
   * @param dh0 that of h0, (n, u), overwritten
   * @param dc0 that of c0, (n, u), overwritten
   */
  void lstmGradient(
      Tensor u,
      Tensor c0,
      Activation recurrent,
      Activation activation,
      LstmMemory memory,
      Tensor dy,
      Tensor dz,
      @Nullable Tensor dbias,
      Tensor dh0,
      Tensor dc0);

  /**
   * One step of a gated recurrent unit: {@code h = z · before + (1 − z) · g}. The gates (z, r, g)
   * lie side by side; z and r are the recurrent activation of the sum of both parts, {@code g =
   * activation(gates_g + r · recurrentPart_g)}.
   *
   * @param gates what comes from the input, (n, 3u); replaced by the gates' values
   * @param recurrentPart what comes from the state before, (n, 3u)
   * @param before h of the step before, (n, u)
   * @param h (n, u), overwritten
   */
  void gruCell(
      Tensor gates,
      Tensor recurrentPart,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor h);

  /**
   * The gradient of {@link #gruCell}.
   *
   * @param gates their values, (n, 3u)
   * @param dh the gradient of h, (n, u); replaced by that of {@code before}, but for what reaches
   *     it through the recurrent part
   * @param dgates the gradient of what comes from the input, (n, 3u), overwritten
   * @param drecurrentPart that of what comes from the state before, (n, 3u), overwritten
   */
  void gruCellGradient(
      Tensor gates,
      Tensor recurrentPart,
      Tensor before,
      Activation recurrent,
      Activation activation,
      Tensor dh,
      Tensor dgates,
      Tensor drecurrentPart);

  // Images

  /**
   * {@code y = activation(x ⋆ filter + bias)}, a cross-correlation (no flip), as Keras: y[n, p, q,
   * o] = Σ x[n, p·s + i − pad, q·s + j − pad, c] · filter[i, j, c, o], where x is 0 in the border.
   *
   * @param x (n, height, width, in)
   * @param filter (window height, window width, in, out)
   * @param bias (out), or null for none
   * @param y (n, output height, output width, out), overwritten
   */
  void conv2d(
      Tensor x,
      Tensor filter,
      @Nullable Tensor bias,
      Activation activation,
      Window window,
      Tensor y);

  /**
   * The gradient of {@link #conv2d} for its input, given that before the activation: {@code dx[n,
   * h, w, c] = Σ dz[n, p, q, o] · filter[i, j, c, o]} over all (p, q, i, j) with p·s + i − pad = h
   * and q·s + j − pad = w.
   */
  void conv2dInputGradient(Tensor dz, Tensor filter, Window window, Tensor dx, boolean accumulate);

  /**
   * The gradient of {@link #conv2d} for its filter: {@code dfilter[i, j, c, o] = Σ x[n, p·s + i −
   * pad, q·s + j − pad, c] · dz[n, p, q, o]}. The one for its bias comes from {@link
   * #biasActivationGradient}.
   */
  void conv2dFilterGradient(Tensor x, Tensor dz, Window window, Tensor dfilter, boolean accumulate);

  /**
   * The largest element under each window, per channel; the border counts as −∞. x (n, h, w, c), y
   * (n, output h, output w, c).
   */
  void maxPool2d(Tensor x, Window window, Tensor y);

  /**
   * Gives each window's dy to its largest element, the first of equals in row order: the gradient
   * of {@link #maxPool2d}.
   */
  void maxPool2dGradient(
      Tensor x, Tensor y, Tensor dy, Window window, Tensor dx, boolean accumulate);

  /**
   * The mean of the elements under each window that lie in the image (the border doesn't count),
   * per channel; shapes as {@link #maxPool2d}.
   */
  void averagePool2d(Tensor x, Window window, Tensor y);

  /**
   * Shares each window's dy equally among its elements in the image: the gradient of {@link
   * #averagePool2d}.
   */
  void averagePool2dGradient(Tensor dy, Window window, Tensor dx, boolean accumulate);

  // Chance

  /**
   * {@code y = x / (1 − rate)} where an element is kept, else 0. Element j of row r (the first
   * axis; j counts the row's elements flat) is kept if word j mod 4 of {@code Philox.block(key, j /
   * 4, firstRow + r, 0, 0)}, read as an unsigned number, is at least {@code rate · 2³²} (see {@link
   * io.tapestream.random.Philox#keeps}): the same bits in every backend, however a batch is cut
   * into pieces. It is its own gradient (of dy). In place.
   *
   * @param rate the share that is dropped, 0 ≤ rate &lt; 1
   * @param key of this layer in this step
   * @param firstRow the index in its batch of x's first row
   */
  void dropout(Tensor x, double rate, long key, int firstRow, Tensor y, boolean accumulate);
}
