#!/usr/bin/env python3
"""Makes layers.json: what PyTorch (1.13) computes for a layer, in double precision: python3 layers.py

For each case y = layer(x) in training, and the gradients of sum(c * y) for x and for the layer's variables, flat in the
order of their declaration; behind them, where a layer has statistics, what they are after the call. x, c and variables
come from `uniform` of reference.py, salts 1 to 3 (of further inputs 11, 21, …), as numbers of -1 to 1 (ids: of 0 to count - 1). Layouts, names and
meanings are Keras's; where PyTorch has another meaning the formula is written out here.
"""
import json
import math
import os

import torch
import torch.nn.functional as F

from reference import uniform

ROWS = 3


def draws(salt, shape):
    return torch.tensor(2 * uniform(salt, math.prod(shape)) - 1).reshape(shape)


def dense(activation, bias=True):
    return lambda x, p: activation(x @ p[0] + (p[1] if bias else 0))


def same_padding(x, window, strides):
    """Keras's 'same': as many windows as ceil(length / stride), an odd border behind."""
    pads = []
    for length, w, s in zip(reversed(x.shape[1:3]), reversed(window), reversed(strides)):
        border = max((math.ceil(length / s) - 1) * s + w - length, 0)
        pads += [border // 2, border - border // 2]
    return pads


def conv(activation, strides=(1, 1), same=False, bias=True):
    def layer(x, p):
        pads = same_padding(x, p[0].shape[:2], strides) if same else [0] * 4
        z = F.conv2d(F.pad(x.permute(0, 3, 1, 2), pads), p[0].permute(3, 2, 0, 1), p[1] if bias else None, strides)
        return activation(z.permute(0, 2, 3, 1))

    return layer


def pool(largest, window, strides, same=False):
    def layer(x, p):
        pads = same_padding(x, window, strides) if same else [0] * 4
        z = x.permute(0, 3, 1, 2)
        if largest:
            return F.max_pool2d(F.pad(z, pads, value=-math.inf), window, strides).permute(0, 2, 3, 1)
        inside = F.avg_pool2d(F.pad(torch.ones_like(z), pads), window, strides)
        return (F.avg_pool2d(F.pad(z, pads), window, strides) / inside).permute(0, 2, 3, 1)

    return layer


def batch_norm(momentum, epsilon, center=True, scale=True):
    """The moving variance is that over n, as Keras's; PyTorch's is over n - 1."""

    def layer(x, p):
        p = list(p)
        gamma = p.pop(0) if scale else None
        beta = p.pop(0) if center else None
        rows = x.reshape(-1, x.shape[-1])
        with torch.no_grad():
            for statistic, batch in zip(p, (rows.mean(0), rows.var(0, unbiased=False))):
                statistic.mul_(momentum).add_((1 - momentum) * batch)
        return F.batch_norm(rows, None, None, gamma, beta, True, 0, epsilon).reshape(x.shape)

    return layer


def batch_norm_inference(epsilon):
    return lambda x, p: F.batch_norm(x, p[2], p[3], p[0], p[1], False, 0, epsilon)


def gates(order, blocks):
    """Columns of Keras's gates in PyTorch's order."""
    return torch.cat([blocks[i] for i in order], -1)


def recurrent(kind, sequences=False, backwards=False, bias=True):
    """Keras's LSTM has the gates i, f, c, o, as PyTorch's; its GRU z, r, h, PyTorch's r, z, n, with the same formula."""

    def layer(x, p):
        x, *states = x if isinstance(x, list) else [x]
        units = p[1].shape[0]
        count = 4 if kind is torch.lstm else 3
        order = (0, 1, 2, 3) if count == 4 else (1, 0, 2)
        turn = lambda w: gates(order, w.split(units, -1))
        weights = [turn(p[0]).T, turn(p[1]).T]
        if bias:
            weights += list(turn(p[2]) if count == 3 else torch.stack([turn(p[2]), torch.zeros_like(p[2])]))
        states = [s[None] for s in states] or [torch.zeros(1, len(x), units, dtype=x.dtype)] * 2
        steps = x.flip(1) if backwards else x
        out = kind(steps, states if count == 4 else states[0], weights, bias, 1, 0.0, True, False, True)[0]
        return out if sequences else out[:, -1]

    return layer


def gru_reset_before(x, p):
    """The first paper's form, which PyTorch lacks."""
    w, u, b = p
    units = u.shape[0]
    h, states = torch.zeros(len(x), units, dtype=x.dtype), []
    for t in range(x.shape[1]):
        a = x[:, t] @ w + b
        z, r = torch.sigmoid(a[:, : 2 * units] + h @ u[:, : 2 * units]).split(units, -1)
        candidate = torch.tanh(a[:, 2 * units :] + (r * h) @ u[:, 2 * units :])
        h = z * h + (1 - z) * candidate
        states.append(h)
    return torch.stack(states, 1)


def attention(causal):
    """PyTorch's own module, fed with Keras's kernels (features, heads, length)."""

    def layer(x, p):
        qk, qb, kk, kb, vk, vb, ok, ob = p
        features, heads, length = qk.shape
        weight = torch.cat([k.reshape(features, -1).T for k in (qk, kk, vk)])
        bias = torch.cat([b.reshape(-1) for b in (qb, kb, vb)])
        mask = torch.full((x.shape[1],) * 2, -math.inf, dtype=x.dtype).triu(1) if causal else None
        t = x.transpose(0, 1)
        y, _ = F.multi_head_attention_forward(
            t, t, t, features, heads, weight, bias, None, None, False, 0.0, ok.reshape(-1, features).T, ob,
            need_weights=False, attn_mask=mask)
        return y.transpose(0, 1)

    return layer


def attention_across(x, p):
    """Of a query to another sequence's keys and values, of a length of their own, by the formula."""
    query, value, key = x
    qk, qb, kk, kb, vk, vb, ok, ob = p
    q, k, v = (torch.einsum("ntf,fhd->nhtd", s, w) + b[:, None] for s, w, b in ((query, qk, qb), (key, kk, kb), (value, vk, vb)))
    shares = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(qk.shape[2]), -1)
    return torch.einsum("nhtd,hdf->ntf", shares @ v, ok) + ob


def relu(x, p, ceiling=0.7, slope=0.2, threshold=0.1):
    return torch.where(x >= ceiling, torch.full_like(x, ceiling), torch.where(x >= threshold, x, slope * (x - threshold)))


linear = lambda z: z
softmax = lambda z: torch.softmax(z, -1)
# name: (input, or list of inputs, of an example, shapes of the variables, shapes of the statistics, layer); ids: (…, number of ids)
CASES = {
    "Dense": ((3,), [(3, 4), (4,)], [], dense(linear)),
    "Dense softmax": ((2, 3), [(3, 4), (4,)], [], dense(softmax)),
    "Dense tanh without a bias": ((5,), [(5, 2)], [], dense(torch.tanh, False)),
    "Conv2D same relu": ((4, 5, 2), [(3, 3, 2, 3), (3,)], [], conv(F.relu, same=True)),
    "Conv2D sigmoid": ((4, 4, 1), [(2, 2, 1, 2), (2,)], [], conv(torch.sigmoid)),
    "Conv2D strided": ((3, 5, 2), [(2, 3, 2, 2)], [], conv(linear, (1, 2), True, False)),
    "MaxPooling2D": ((4, 5, 2), [], [], pool(True, (2, 2), (2, 2))),
    "MaxPooling2D same": ((5, 5, 2), [], [], pool(True, (3, 3), (2, 2), True)),
    "AveragePooling2D": ((4, 5, 2), [], [], pool(False, (2, 2), (2, 2))),
    "AveragePooling2D same": ((5, 5, 2), [], [], pool(False, (3, 3), (2, 2), True)),
    "Flatten": ((2, 3), [], [], lambda x, p: x.flatten(1)),
    "Activation relu": ((5,), [], [], lambda x, p: F.relu(x)),
    "Activation sigmoid": ((5,), [], [], lambda x, p: torch.sigmoid(x)),
    "Activation tanh": ((5,), [], [], lambda x, p: torch.tanh(x)),
    "Activation softmax": ((2, 5), [], [], lambda x, p: softmax(x)),
    "Activation elu": ((5,), [], [], lambda x, p: F.elu(x)),
    "Activation selu": ((5,), [], [], lambda x, p: F.selu(x)),
    "Activation gelu": ((5,), [], [], lambda x, p: F.gelu(x)),
    "Activation gelu_tanh": ((5,), [], [], lambda x, p: F.gelu(x, approximate="tanh")),
    "ReLU": ((9,), [], [], relu),
    "LeakyReLU": ((5,), [], [], lambda x, p: F.leaky_relu(x, 0.3)),
    "PReLU": ((2, 3), [(2, 3)], [], lambda x, p: torch.where(x > 0, x, p[0] * x)),
    "PReLU shared": ((2, 2, 3), [(1, 1, 3)], [], lambda x, p: F.prelu(x.permute(0, 3, 1, 2), p[0][0, 0]).permute(0, 2, 3, 1)),
    "ELU": ((5,), [], [], lambda x, p: F.elu(x, 0.5)),
    "Softmax": ((4, 3), [], [], lambda x, p: torch.softmax(x, 1)),
    "BatchNormalization": ((4,), [(4,), (4,)], [(4,), (4,)], batch_norm(0.99, 1e-3)),
    "BatchNormalization of images": ((2, 3, 2), [(2,)], [(2,), (2,)], batch_norm(0.9, 0.1, center=False)),
    "BatchNormalization in inference": ((4,), [(4,), (4,)], [(4,), (4,)], batch_norm_inference(1e-3)),
    "Rescaling": ((5,), [], [], lambda x, p: 0.5 * x - 0.25),
    "Normalization": ((4,), [], [(4,), (4,)], lambda x, p: (x - p[0]) / torch.clamp(torch.sqrt(p[1]), min=1e-7)),
    "LayerNormalization": ((6,), [(6,), (6,)], [], lambda x, p: F.layer_norm(x, (6,), p[0], p[1], 1e-3)),
    "LayerNormalization without a scale": ((3, 4), [(4,)], [], lambda x, p: F.layer_norm(x, (4,), None, p[0], 0.1)),
    "Embedding": ((4, 6), [(6, 3)], [], lambda x, p: F.embedding(x, p[0])),
    "GlobalAveragePooling1D": ((5, 2), [], [], lambda x, p: x.mean(1)),
    "GlobalMaxPooling1D": ((5, 2), [], [], lambda x, p: x.amax(1)),
    "GlobalAveragePooling2D": ((3, 4, 2), [], [], lambda x, p: x.mean((1, 2))),
    "GlobalMaxPooling2D": ((3, 4, 2), [], [], lambda x, p: x.amax((1, 2))),
    "LSTM": ((4, 2), [(2, 12), (3, 12), (12,)], [], recurrent(torch.lstm)),
    "LSTM backwards": ((3, 2), [(2, 8), (2, 8), (8,)], [], recurrent(torch.lstm, True, True)),
    "GRU": ((4, 2), [(2, 9), (3, 9), (2, 9)], [], recurrent(torch.gru)),
    "GRU backwards": ((3, 2), [(2, 6), (2, 6), (2, 6)], [], recurrent(torch.gru, True, True)),
    "GRU reset before": ((3, 2), [(2, 6), (2, 6), (6,)], [], gru_reset_before),
    "Add": ([(2, 3), (1, 3), (2, 3)], [], [], lambda x, p: x[0] + x[1] + x[2]),
    "Subtract": ([(2, 3), (1, 3)], [], [], lambda x, p: x[0] - x[1]),
    "Multiply": ([(2, 3), (1, 3), (2, 3)], [], [], lambda x, p: x[0] * x[1] * x[2]),
    "Average": ([(2, 3), (2, 3), (2, 3)], [], [], lambda x, p: (x[0] + x[1] + x[2]) / 3),
    "Maximum": ([(2, 3), (1, 3), (2, 3)], [], [], lambda x, p: torch.maximum(torch.maximum(x[0], x[1]), x[2])),
    "Minimum": ([(2, 3), (1, 3), (2, 3)], [], [], lambda x, p: torch.minimum(torch.minimum(x[0], x[1]), x[2])),
    "Concatenate": ([(2, 3), (1, 3)], [], [], lambda x, p: torch.cat(x, 1)),
    "LSTM from a state": ([(4, 2), (3,), (3,)], [(2, 12), (3, 12), (12,)], [], recurrent(torch.lstm)),
    "GRU from a state": ([(4, 2), (3,)], [(2, 9), (3, 9), (2, 9)], [], recurrent(torch.gru)),
    "MultiHeadAttention": ((4, 6), [(6, 2, 3), (2, 3)] * 3 + [(2, 3, 6), (6,)], [], attention(False)),
    "MultiHeadAttention causal": ((3, 4), [(4, 2, 2), (2, 2)] * 3 + [(2, 2, 4), (4,)], [], attention(True)),
    "MultiHeadAttention across": (
        [(4, 6), (3, 5), (3, 2)],
        [(6, 2, 3), (2, 3), (2, 2, 3), (2, 3), (5, 2, 4), (2, 4), (2, 4, 6), (6,)],
        [],
        attention_across,
    ),
}


def case(name, given, shapes, statistics, layer):
    flat = draws(3, (sum(math.prod(s) for s in shapes + statistics),))
    trained = sum(math.prod(s) for s in shapes)
    flat[trained:] = flat[trained:].abs()  # it may be a variance
    parts, at = [], 0
    for shape in shapes + statistics:
        parts.append(flat[at : at + math.prod(shape)].clone().reshape(shape))
        at += math.prod(shape)
    variables = [p.requires_grad_() for p in parts[: len(shapes)]]
    if name.startswith("Embedding"):
        x = torch.tensor((uniform(1, ROWS * given[0]) * given[1]).astype("int64")).reshape(ROWS, given[0])
        sources = variables
    else:
        inputs = given if isinstance(given, list) else [given]
        x = [draws(1 + 10 * i, (ROWS, *shape)).requires_grad_() for i, shape in enumerate(inputs)]
        sources = [*x, *variables]
        x = x if isinstance(given, list) else x[0]
    y = layer(x, parts)
    gradients = torch.autograd.grad((draws(2, y.shape) * y).sum(), sources)
    flattened = [g.reshape(-1).tolist() for g in gradients]
    count = len(sources) - len(variables)
    return {
        "y": y.detach().reshape(-1).tolist(),
        "dx": [v for g in flattened[:count] for v in g],
        "dvariables": [v for g in flattened[count:] for v in g],
        "statistics": [v for s in parts[len(shapes) :] for v in s.reshape(-1).tolist()],
    }


def main():
    torch.set_num_threads(1)
    cases = {name: case(name, *rest) for name, rest in CASES.items()}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.json"), "w") as file:
        json.dump({"made": f"layers.py, PyTorch {torch.__version__}", "cases": cases}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
