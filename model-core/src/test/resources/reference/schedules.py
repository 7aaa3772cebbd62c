#!/usr/bin/env python3
"""Makes schedules.json with numpy, by the formulas of keras.optimizers.schedules in double: python3 schedules.py

The restarts are Keras's closed form with logarithms, where ours counts the periods; so no restart of a period that
has grown lies on a round that is listed, since there the logarithm rounds to either side.
"""
import json
import os

import numpy as np

ROUNDS = [0, 1, 4, 5, 9, 10, 11, 19, 25, 33, 64, 100, 250, 1000]


def exponential(t, rate, steps, decay, staircase=False):
    p = t / steps
    return rate * decay ** (np.floor(p) if staircase else p)


def inverse_time(t, rate, steps, decay, staircase=False):
    p = t / steps
    return rate / (1 + decay * (np.floor(p) if staircase else p))


def piecewise(t, boundaries, values):
    return np.array(values)[np.searchsorted(boundaries, t, side="left")]


def polynomial(t, rate, steps, end=1e-4, power=1.0, cycle=False):
    if cycle:
        steps = steps * np.where(t == 0, 1.0, np.ceil(t / steps))
    else:
        t = np.minimum(t, steps)
    return (rate - end) * (1 - t / steps) ** power + end


def cosine(t, rate, steps, alpha=0.0, target=None, warmup=0):
    def decay(s, start):
        return start * ((1 - alpha) * 0.5 * (1 + np.cos(np.pi * s / steps)) + alpha)

    if target is None:
        return decay(np.minimum(t, steps), rate)
    t = np.minimum(t, steps + warmup)
    return np.where(t < warmup, (target - rate) * (t / warmup) + rate, decay(t - warmup, target))


def restarts(t, rate, first, t_mul=2.0, m_mul=1.0, alpha=0.0):
    done = t / first
    if t_mul == 1:
        i = np.floor(done)
        done = done - i
    else:
        i = np.floor(np.log(1 - done * (1 - t_mul)) / np.log(t_mul))
        done = (done - (1 - t_mul**i) / (1 - t_mul)) / t_mul**i
    return rate * ((1 - alpha) * 0.5 * m_mul**i * (1 + np.cos(np.pi * done)) + alpha)


def main():
    t = np.array(ROUNDS, dtype=np.float64)
    rates = {
        "constant": np.full(len(t), 0.01),
        "exponential": exponential(t, 0.1, 10, 0.5),
        "exponential stairs": exponential(t, 0.1, 10, 0.5, True),
        "inverse time": inverse_time(t, 0.1, 10, 0.5),
        "inverse time stairs": inverse_time(t, 0.1, 10, 0.5, True),
        "piecewise": piecewise(t, [4, 10, 100], [0.1, 0.05, 0.01, 0.001]),
        "polynomial": polynomial(t, 0.1, 100),
        "square root": polynomial(t, 0.1, 64, 0.01, 0.5),
        "polynomial cycles": polynomial(t, 0.1, 10, 0.001, 2.0, True),
        "linear warm-up": polynomial(t, 0.0, 25, 0.1),
        "cosine": cosine(t, 0.1, 100),
        "cosine with warm-up": cosine(t, 0.001, 90, 0.1, 0.1, 10),
        "restarts": restarts(t, 0.1, 8, 2.0, 0.9, 0.05),
        "restarts alike": restarts(t, 0.1, 16, 1.0, 0.8),
    }
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "schedules.json"), "w") as file:
        made = {"made": f"schedules.py, numpy {np.__version__}", "rounds": ROUNDS}
        json.dump({**made, "rates": {name: list(rate) for name, rate in rates.items()}}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
