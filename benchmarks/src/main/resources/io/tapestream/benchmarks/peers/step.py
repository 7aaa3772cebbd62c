"""Training steps on PyTorch, asked for over standard input.

usage: step.py MODEL OPTIMIZER BATCH THREADS

Prints "ready" once the model stands. Each line read is a number of seconds; the answer is how many
steps were done and how many seconds they took. Ends with its input.
"""

import sys
import time

import numpy
import torch
from torch import nn

DENSE, TABLES, ROWS, WIDTH = 13, 26, 100_000, 16


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(64, 128, batch_first=True)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        y, _ = self.lstm(x)
        return self.head(y[:, -1])


class WideAndDeep(nn.Module):
    """One table holds the rows of all features, as PyTorch's own guides to recommenders lay it out."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(TABLES * ROWS, WIDTH, sparse=True)
        self.wide = nn.Linear(DENSE, 1)
        self.deep = nn.Sequential(
            nn.Linear(DENSE + TABLES * WIDTH, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 1)
        )

    def forward(self, dense, ids):
        return self.wide(dense) + self.deep(torch.cat([dense, self.table(ids).flatten(1)], 1))


def images(channels, height, width):
    return lambda n, random: (torch.from_numpy(random.random((n, channels, height, width), numpy.float32)),)


def rows(*shape):
    return lambda n, random: (torch.from_numpy(random.random((n, *shape), numpy.float32)),)


def clicks(n, random):
    ids = random.integers(0, ROWS, (n, TABLES)) + numpy.arange(TABLES) * ROWS
    return torch.from_numpy(random.random((n, DENSE), numpy.float32)), torch.from_numpy(ids)


def mlp():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def cnn():
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(4096, 10),
    )


MODELS = {
    "mlp": (mlp, rows(784)),
    "lenet": (lenet, images(1, 28, 28)),
    "cnn": (cnn, images(3, 32, 32)),
    "lstm": (Recurrent, rows(64, 64)),
    "wide-deep": (WideAndDeep, clicks),
}


def main():
    name, optimizer, batch, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    random = numpy.random.default_rng(1)
    make, inputs = MODELS[name]
    model = make()
    x = inputs(batch, random)
    if name == "cnn":  # what PyTorch's tuning guide advises for convolutions on a CPU
        model = model.to(memory_format=torch.channels_last)
        x = tuple(t.to(memory_format=torch.channels_last) for t in x)
    if name == "wide-deep":
        y = torch.from_numpy(random.integers(0, 2, (batch, 1)).astype(numpy.float32))
        loss_of = nn.BCEWithLogitsLoss()
    else:
        y = torch.from_numpy(random.integers(0, 10, batch))
        loss_of = nn.CrossEntropyLoss()
    if optimizer == "adam":
        update = torch.optim.Adam(model.parameters(), 0.001, foreach=True)
    else:
        update = torch.optim.SGD(model.parameters(), 0.01)

    def step():
        update.zero_grad(set_to_none=True)
        loss_of(model(*x), y).backward()
        update.step()

    step()
    print("ready", flush=True)
    for line in sys.stdin:
        seconds = float(line)
        steps, start = 0, time.perf_counter()
        while True:
            step()
            steps += 1
            passed = time.perf_counter() - start
            if passed >= seconds:
                break
        print(steps, passed, flush=True)


main()
