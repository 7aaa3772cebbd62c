package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Unary;
import io.tapestream.backend.Window;
import io.tapestream.backend.cpu.Convolution.Plan;
import io.tapestream.backend.cpu.Convolution.Product;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The three products of a convolution, each by the plan for its shape. */
final class Convolutions {
  private static final int WAITING_PLANS = 128;
  private static final int IMAGES_OF_A_PART = 32;

  private final Kernels kernels;
  private final PlanPool<Convolution, Plan> plans;

  /**
   * Convolutions on some kernels.
   *
   * @param oneDnn whether oneDNN makes the plans it has a fast implementation for; the others are
   *     matrix products
   */
  Convolutions(Kernels kernels, boolean oneDnn) {
    this.kernels = kernels;
    this.plans = new PlanPool<>(WAITING_PLANS, oneDnn ? this::byOneDnn : this::asProducts);
  }

  private Plan byOneDnn(Convolution convolution) {
    Plan plan = kernels.plan(convolution);
    if (plan == null) {
      plan = OneDnnConvolution.of(convolution);
    }
    return plan == null ? asProducts(convolution) : plan;
  }

  private Plan asProducts(Convolution convolution) {
    return new PatchConvolution(convolution, kernels);
  }

  void forward(
      Tensor x,
      Tensor filter,
      @Nullable Tensor bias,
      Activation activation,
      Window window,
      Tensor y) {
    if (isEmpty(x, filter, y, false)) {
      return;
    }
    boolean relu = activation == Activation.RELU;
    boolean squashed = activation == Activation.SIGMOID || activation == Activation.TANH;
    byImages(
        x,
        (from, to) -> {
          Tensor images = x.slice(from, to);
          run(
              convolution(
                  Product.FORWARD, images, filter.dim(3), window, bias != null, relu, squashed),
              images,
              filter,
              bias,
              y.slice(from, to));
        });
    switch (activation) {
      case LINEAR, RELU -> {}
      case SIGMOID -> activate(Unary.SIGMOID, y);
      case TANH -> activate(Unary.TANH, y);
    }
  }

  private void activate(Unary function, Tensor y) {
    kernels.unary(function, y.buffer(), y.byteOffset(), y.buffer(), y.byteOffset(), y.size());
  }

  void inputGradient(Tensor dz, Tensor filter, Window window, Tensor dx, boolean accumulate) {
    if (isEmpty(dz, filter, dx, accumulate)) {
      return;
    }
    Tensor result = accumulate ? Tensor.allocate(DType.FLOAT32, dx.shape()) : dx;
    byImages(
        dx,
        (from, to) -> {
          Tensor images = result.slice(from, to);
          run(
              convolution(
                  Product.INPUT_GRADIENT, images, filter.dim(3), window, false, false, false),
              dz.slice(from, to),
              filter,
              null,
              images);
        });
    if (accumulate) {
      add(result, dx, true);
      result.close();
    }
  }

  /** Each part of the images gives a gradient; they are added in the order of the parts. */
  void filterGradient(Tensor x, Tensor dz, Window window, Tensor dfilter, boolean accumulate) {
    if (isEmpty(x, dz, dfilter, accumulate)) {
      return;
    }
    int n = x.dim(0);
    int parts = (n + IMAGES_OF_A_PART - 1) / IMAGES_OF_A_PART;
    if (parts == 1 && !accumulate) {
      Convolution whole =
          convolution(Product.FILTER_GRADIENT, x, dz.dim(3), window, false, false, false);
      run(whole, x, dz, null, dfilter);
      return;
    }
    Tensor partial = Tensor.allocate(DType.FLOAT32, dfilter.shape().prepend(parts));
    byImages(
        x,
        (from, to) -> {
          Tensor images = x.slice(from, to);
          run(
              convolution(Product.FILTER_GRADIENT, images, dz.dim(3), window, false, false, false),
              images,
              dz.slice(from, to),
              null,
              partial.slice(from / IMAGES_OF_A_PART, from / IMAGES_OF_A_PART + 1));
        });
    for (int part = 0; part < parts; part++) {
      add(partial.slice(part, part + 1), dfilter, accumulate || part > 0);
    }
    partial.close();
  }

  private static void byImages(Tensor images, Parts.Range work) {
    Parts.ofSlices(images.dim(0), IMAGES_OF_A_PART, work);
  }

  private static boolean isEmpty(Tensor left, Tensor right, Tensor result, boolean accumulate) {
    boolean empty = left.size() == 0 || right.size() == 0 || result.size() == 0;
    if (empty && !accumulate) {
      result.clear();
    }
    return empty;
  }

  private static Convolution convolution(
      Product product,
      Tensor images,
      int out,
      Window window,
      boolean bias,
      boolean relu,
      boolean squashed) {
    return new Convolution(
        product,
        images.dim(0),
        images.dim(1),
        images.dim(2),
        images.dim(3),
        out,
        window,
        bias,
        relu,
        squashed);
  }

  private void run(
      Convolution convolution, Tensor left, Tensor right, @Nullable Tensor bias, Tensor result) {
    Plan plan = plans.take(convolution);
    boolean done = false;
    try {
      plan.run(left, right, bias, result);
      done = true;
    } finally {
      if (done) {
        plans.giveBack(convolution, plan);
      } else {
        plan.close();
      }
    }
  }

  private void add(Tensor addend, Tensor to, boolean accumulate) {
    kernels.scale(
        1f,
        addend.buffer(),
        addend.byteOffset(),
        to.buffer(),
        to.byteOffset(),
        to.size(),
        accumulate);
  }
}
