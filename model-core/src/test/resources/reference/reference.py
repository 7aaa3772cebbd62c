#!/usr/bin/env python3
"""Makes the reference curves of this folder with PyTorch (made with 1.13): python3 reference.py

Data and initial weights come from `uniform`, a hash that Reference.java repeats bit for bit, so the files hold only
what PyTorch computed: losses before each of 50 steps, and weights after 100 optimizer steps.
Layouts are Keras's: images (n, height, width, channels), kernels (height, width, in, out) and (in, out).
"""
import json
import math
import os

import numpy as np
import torch
import torch.nn.functional as F

STEPS = 50
BATCH = 32
EXAMPLES = 320


def uniform(salt, count):
    """`count` numbers of [0, 1), multiples of 2^-24; Reference.uniform in Java."""
    h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(salt * 0x85EBCA6B & 0xFFFFFFFF)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        h ^= h >> np.uint32(shift)
        h *= np.uint32(factor)
    h ^= h >> np.uint32(16)
    return (h >> np.uint32(8)).astype(np.float64) / (1 << 24)


def weights(salt, shape, fan_in, fan_out):
    limit = np.float32(math.sqrt(6 / (fan_in + fan_out)))
    values = (np.float32(2) * uniform(salt, math.prod(shape)).astype(np.float32) - np.float32(1)) * limit
    return torch.tensor(values.astype(np.float64).reshape(shape))


def images():
    """A pattern per class, half drowned in noise; labels 0..9."""
    labels = (uniform(1, EXAMPLES) * 10).astype(np.int64)
    patterns = uniform(2, 10 * 784).reshape(10, 784)
    noise = uniform(3, EXAMPLES * 784).reshape(EXAMPLES, 784)
    pixels = (patterns[labels] + noise).astype(np.float32) / np.float32(2)
    return torch.tensor(pixels.astype(np.float64)).reshape(-1, 28, 28, 1), torch.tensor(labels)


def rows():
    """40 features; the label says whether the first four sum to more than two."""
    features = uniform(4, EXAMPLES * 40).reshape(EXAMPLES, 40)
    labels = (features[:, :4].sum(axis=1) > 2).astype(np.float64)
    return torch.tensor(features), torch.tensor(labels)


def lenet_parameters():
    shapes = [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]
    made = []
    for i, shape in enumerate(shapes):
        field = math.prod(shape[:-2])
        made += [weights(10 + i, shape, field * shape[-2], field * shape[-1]), torch.zeros(shape[-1])]
    return made


def lenet_loss(p, x, y):
    """LeNet-5: tanh and average pooling. Both are smooth, so rounding stays small: under max pooling one window whose
    two largest elements agree in 7 digits sends its gradient elsewhere, and after 7 steps losses differ by 1.5e-4."""

    def conv(z, kernel, bias, padding):
        return torch.tanh(F.conv2d(z, kernel.permute(3, 2, 0, 1), bias, padding=padding))

    z = x.permute(0, 3, 1, 2)
    z = F.avg_pool2d(conv(z, p[0], p[1], 2), 2)
    z = F.avg_pool2d(conv(z, p[2], p[3], 0), 2)
    z = z.permute(0, 2, 3, 1).reshape(len(x), -1)
    z = torch.tanh(z @ p[4] + p[5])
    z = torch.tanh(z @ p[6] + p[7])
    return F.cross_entropy(z @ p[8] + p[9], y)


def perceptron_parameters():
    sizes = [40, 64, 32, 1]
    made = []
    for i, (n, m) in enumerate(zip(sizes, sizes[1:])):
        made += [weights(20 + i, (n, m), n, m), torch.zeros(m)]
    return made


def perceptron_loss(p, x, y):
    z = F.relu(x @ p[0] + p[1])
    z = torch.sigmoid(z @ p[2] + p[3])
    return F.binary_cross_entropy_with_logits((z @ p[4] + p[5])[:, 0], y)


class KerasAdam(torch.optim.Adam):
    """torch's Adam with Keras's epsilon: theirs is ours / sqrt(1 - beta2^t)."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, lr=lr)
        self.t = 0

    def step(self):
        self.t += 1
        self.param_groups[0]["eps"] = 1e-7 / math.sqrt(1 - 0.999**self.t)
        super().step()


def keras_adamw(p):
    rule = KerasAdam(p, lr=0.001)
    plain = rule.step

    def step():
        with torch.no_grad():
            for w in p:
                w.mul_(1 - 0.001 * 0.05)
        plain()

    rule.step = step
    return rule


class Formula:
    """A rule that PyTorch has in another form only (its epsilon beside the root), or not: Keras's, in double precision.
    `update` maps weights, gradient and memory to the new weights; memory starts as `start`."""

    def __init__(self, p, update, start):
        self.p, self.update = p, update
        self.memory = [[torch.full_like(w, s) for s in start] for w in p]

    def zero_grad(self):
        for w in self.p:
            w.grad = None

    @torch.no_grad()
    def step(self):
        for w, memory in zip(self.p, self.memory):
            w.copy_(self.update(w, w.grad, memory))


def rmsprop(w, g, memory, lr, rho, momentum, centered):
    v, a, m = memory
    v.mul_(rho).add_((1 - rho) * g * g)
    a.mul_(rho).add_((1 - rho) * g)
    s = lr * g / torch.sqrt((v - a * a if centered else v) + 1e-7)
    m.mul_(momentum).add_(s)
    return w - m


def adagrad(w, g, memory, lr):
    memory[0].add_(g * g)
    return w - lr * g / torch.sqrt(memory[0] + 1e-7)


def ftrl(w, g, memory, lr, l1, l2, shrinkage, beta):
    n, z = memory
    grown = n + g * g
    z.add_(g + 2 * shrinkage * w - (torch.sqrt(grown) - torch.sqrt(n)) / lr * w)
    n.copy_(grown)
    return (torch.clamp(z, -l1, l1) - z) / (torch.sqrt(grown) / lr + 2 * (l2 + beta / (2 * lr)))


def formula(rule, start, *settings):
    return lambda p: Formula(p, lambda w, g, memory: rule(w, g, memory, *settings), start)


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True),
    "adam": lambda p: KerasAdam(p, lr=0.001),
}
MORE_OPTIMIZERS = {
    "adamw": keras_adamw,
    "rmsprop": formula(rmsprop, (0, 0, 0), 0.001, 0.9, 0, False),
    "rmsprop momentum": formula(rmsprop, (0, 0, 0), 0.001, 0.8, 0.9, False),
    "rmsprop centered": formula(rmsprop, (0, 0, 0), 0.001, 0.9, 0, True),
    "rmsprop centered momentum": formula(rmsprop, (0, 0, 0), 0.001, 0.9, 0.5, True),
    "adagrad": formula(adagrad, (0.1,), 0.05),
    "ftrl": formula(ftrl, (0.1, 0), 0.05, 0, 0, 0, 0),
    "ftrl regularized": formula(ftrl, (0.2, 0), 0.05, 0.3, 0.1, 0.02, 0.5),
}


def losses(parameters, loss_of, data, optimizer, dtype):
    p = [w.detach().clone().to(dtype).requires_grad_() for w in parameters]
    x, y = data[0].to(dtype), data[1].to(dtype) if data[1].is_floating_point() else data[1]
    steps, rule = [], OPTIMIZERS[optimizer](p)
    for step in range(STEPS):
        rows = slice(step * BATCH % EXAMPLES, step * BATCH % EXAMPLES + BATCH)
        rule.zero_grad()
        loss = loss_of(p, x[rows], y[rows])
        loss.backward()
        rule.step()
        steps.append(loss.item())
    return steps


def hundred_steps(optimizer):
    """The gradient of step t pulls each of 64 weights to 0 and is noisy: w / 10 + uniform - 1/2."""
    w = torch.tensor(2 * uniform(30, 64) - 1, requires_grad=True)
    noise = uniform(31, 6400).reshape(100, 64)
    rule = {**OPTIMIZERS, **MORE_OPTIMIZERS}[optimizer]([w])
    for step in range(100):
        w.grad = w.detach() / 10 + torch.tensor(noise[step]) - 0.5
        rule.step()
    return w.tolist()


def write(name, content):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w") as file:
        json.dump({"made": f"reference.py, PyTorch {torch.__version__}", **content}, file, indent=1)
        file.write("\n")


def main():
    torch.set_num_threads(1)
    models = {
        "lenet": (lenet_parameters(), lenet_loss, images()),
        "perceptron": (perceptron_parameters(), perceptron_loss, rows()),
    }
    for name, (parameters, loss_of, data) in models.items():
        curves = {}
        for optimizer in OPTIMIZERS:
            single = losses(parameters, loss_of, data, optimizer, torch.float32)
            double = losses(parameters, loss_of, data, optimizer, torch.float64)
            worst = max(abs(a - b) / b for a, b in zip(single, double))
            print(f"{name} {optimizer}: {single[0]:.4f} to {single[-1]:.4f}, float against double {worst:.1e}")
            curves[optimizer] = single
        write(name + ".json", {"losses": curves})
    write("optimizers.json", {"weights": {o: hundred_steps(o) for o in [*OPTIMIZERS, *MORE_OPTIMIZERS]}})


if __name__ == "__main__":
    main()
