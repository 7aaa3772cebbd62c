#!/usr/bin/env python3
"""Makes ops.json: what PyTorch (1.13) computes for an op, in double precision: python3 ops.py

For each case y = op(inputs), and the gradients of sum(c * y) for the inputs. Inputs are draws of `uniform` of
reference.py, salts 1, 11, 21, …, as numbers of -1 to 1, or of 0.5 to 1.5 (positive), or of 0 to count - 1 (ids); c is
salt 2. Layouts are Keras's.
"""
import json
import math
import os

import torch
import torch.nn.functional as F

from layers import conv, draws, pool, recurrent, relu
from reference import uniform


def positive(*shape):
    return ("positive", shape)


def ids(count, *shape):
    return ("ids", shape, count)


def one(f, shape=(2, 3)):
    return ([shape], lambda x: f(x))


def moments_known(x, mean, variance, gamma, beta):
    return F.batch_norm(x, mean.detach(), variance.detach(), gamma, beta, False, 0, 0.1)


def cross_entropy(logits, labels):
    return F.cross_entropy(logits, labels, reduction="none")


CASES = {
    "Abs": one(torch.abs),
    "Elu": one(F.elu),
    "Exp": one(torch.exp),
    "Gelu": one(F.gelu),
    "Gelu approximate": one(lambda x: F.gelu(x, approximate="tanh")),
    "Log": one(torch.log, positive(2, 3)),
    "Negative": one(torch.neg),
    "Relu": one(F.relu),
    "Sigmoid": one(torch.sigmoid),
    "Sqrt": one(torch.sqrt, positive(2, 3)),
    "Square": one(torch.square),
    "Tanh": one(torch.tanh),
    "Softmax": one(lambda x: torch.softmax(x, -1)),
    "LogSoftmax": one(lambda x: torch.log_softmax(x, -1)),
    "ArgMax": one(lambda x: x.argmax(-1)),
    "Clip": one(lambda x: torch.clamp(x, -0.4, 0.6)),
    "Rectify": one(lambda x: relu(x, None)),
    "Scale": one(lambda x: -1.5 * x),
    "StopGradient": one(lambda x: x.detach()),
    "Reshape": one(lambda x: x.reshape(3, 2)),
    "Reverse": one(lambda x: x.flip(1)),
    "Slice": one(lambda x: x[:, 1:3], (2, 4)),
    "Transpose": one(lambda x: x.permute(2, 0, 1), (2, 3, 4)),
    "BroadcastTo": one(lambda x: x.expand(4, 3), (4, 1)),
    "Sum": one(lambda x: x.sum(1), (2, 3, 2)),
    "Mean": one(lambda x: x.mean((0, 2)), (2, 3, 2)),
    "Max": one(lambda x: x.amax(1), (2, 3, 2)),
    "Add": ([(2, 3), (3,)], torch.add),
    "Subtract": ([(2, 3), (2, 1)], torch.sub),
    "Multiply": ([(2, 1), (1, 3)], torch.mul),
    "Maximum": ([(2, 3), (2, 1)], torch.maximum),
    "Minimum": ([(2, 1), (1, 3)], torch.minimum),
    "Divide": ([(2, 3), positive(3)], torch.div),
    "MatMul": ([(2, 3), (3, 4)], torch.matmul),
    "BatchMatMul": ([(2, 3, 4), (2, 2, 4)], lambda a, b: a @ b.transpose(1, 2)),
    "Concat": ([(2, 3), (2, 1)], lambda a, b: torch.cat([a, b], 1)),
    "Affine": ([(2, 3), (3, 4), (4,)], lambda x, w, b: torch.sigmoid(x @ w + b)),
    "BiasActivation": ([(2, 3), (3,)], lambda z, b: torch.tanh(z + b)),
    "Conv2d": ([(2, 4, 5, 2), (3, 2, 2, 3), (3,)], lambda x, f, b: conv(F.relu, (1, 2), True)(x, [f, b])),
    "MaxPool2d": one(lambda x: pool(True, (2, 2), (1, 2))(x, []), (2, 4, 5, 2)),
    "AveragePool2d": one(lambda x: pool(False, (3, 2), (2, 1), True)(x, []), (2, 4, 5, 2)),
    "GatherRows": ([(5, 2), ids(5, 2, 3)], lambda t, i: F.embedding(i, t)),
    "ScatterAddRows": ([ids(4, 6), (6, 2)], lambda i, r: torch.zeros(4, 2, dtype=r.dtype).index_add(0, i, r)),
    "OneHot": ([ids(3, 4)], lambda i: F.one_hot(i, 3)),
    "SoftmaxCrossEntropy": ([(4, 3), ids(3, 4)], cross_entropy),
    "SoftmaxCrossEntropy of shares": ([(4, 3), positive(4, 3)], lambda z, t: cross_entropy(z, t.detach())),
    "SigmoidCrossEntropy": (
        [(4, 3), positive(4, 3)],
        lambda z, t: F.binary_cross_entropy_with_logits(z, t.detach() - 0.5, reduction="none"),
    ),
    "BatchNorm": ([(5, 3), (3,), (3,)], lambda x, g, b: F.batch_norm(x, None, None, g, b, True, 0, 0.1)),
    "Normalize": ([(5, 3), (3,), positive(3), (3,), (3,)], moments_known),
    "LayerNorm": ([(4, 3), (3,), (3,)], lambda x, g, b: F.layer_norm(x, (3,), g, b, 0.1)),
    "Lstm": (
        [(2, 3, 2), (2, 8), (2, 8), (8,), (2, 2), (2, 2)],
        lambda x, w, u, b, h, c: recurrent(torch.lstm, True)([x, h, c], [w, u, b]).transpose(0, 1),
    ),
    "Gru": (
        [(2, 3, 2), (2, 6), (2, 6), (2, 6), (2, 2)],
        lambda x, w, u, b, h: recurrent(torch.gru, True)([x, h], [w, u, b]).transpose(0, 1),
    ),
}


def given(i, spec):
    salt = 1 + 10 * i
    if spec[0] == "positive":
        return torch.tensor(0.5 + uniform(salt, math.prod(spec[1]))).reshape(spec[1]).requires_grad_()
    if spec[0] == "ids":
        return torch.tensor((uniform(salt, math.prod(spec[1])) * spec[2]).astype("int64")).reshape(spec[1])
    return draws(salt, spec).requires_grad_()


def case(specs, op):
    inputs = [given(i, spec) for i, spec in enumerate(specs)]
    y = op(*inputs)
    gradients = []
    sources = [x for x in inputs if x.requires_grad]
    if y.requires_grad:
        found = torch.autograd.grad((draws(2, tuple(y.shape)) * y).sum(), sources, allow_unused=True)
        gradients = [torch.zeros_like(x) if g is None else g for x, g in zip(sources, found)]
    return {
        "y": y.detach().double().reshape(-1).tolist(),
        "gradients": [v for g in gradients for v in g.reshape(-1).tolist()],
    }


def main():
    torch.set_num_threads(1)
    cases = {name: case(*rest) for name, rest in CASES.items()}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops.json"), "w") as file:
        json.dump({"made": f"ops.py, PyTorch {torch.__version__}", "cases": cases}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
