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
    boolean relu = activation == Activation.RELU;
    Convolution convolution =
        convolution(Product.FORWARD, x, filter.dim(3), window, bias != null, relu);
    run(convolution, x, filter, bias, y, false);
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
    Convolution convolution =
        convolution(Product.INPUT_GRADIENT, dx, filter.dim(3), window, false, false);
    run(convolution, dz, filter, null, dx, accumulate);
  }

  void filterGradient(Tensor x, Tensor dz, Window window, Tensor dfilter, boolean accumulate) {
    Convolution convolution =
        convolution(Product.FILTER_GRADIENT, x, dz.dim(3), window, false, false);
    run(convolution, x, dz, null, dfilter, accumulate);
  }

  private static Convolution convolution(
      Product product, Tensor images, int out, Window window, boolean bias, boolean relu) {
    return new Convolution(
        product,
        images.dim(0),
        images.dim(1),
        images.dim(2),
        images.dim(3),
        out,
        window,
        bias,
        relu);
  }

  private void run(
      Convolution convolution,
      Tensor left,
      Tensor right,
      @Nullable Tensor bias,
      Tensor result,
      boolean accumulate) {
    if (left.size() == 0 || right.size() == 0 || result.size() == 0) {
      if (!accumulate) {
        result.clear();
      }
      return;
    }
    Plan plan = plans.take(convolution);
    boolean done = false;
    try {
      if (accumulate) {
        addTo(result, plan, left, right);
      } else {
        plan.run(left, right, bias, result);
      }
      done = true;
    } finally {
      if (done) {
        plans.giveBack(convolution, plan);
      } else {
        plan.close();
      }
    }
  }

  private void addTo(Tensor result, Plan plan, Tensor left, Tensor right) {
    Tensor addend = Tensor.allocate(DType.FLOAT32, result.shape());
    plan.run(left, right, null, addend);
    kernels.scale(
        1f,
        addend.buffer(),
        addend.byteOffset(),
        result.buffer(),
        result.byteOffset(),
        result.size(),
        true);
    addend.close();
  }
}
